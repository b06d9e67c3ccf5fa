"""Every layer and every loss of `avgraph.nn`, small, with what it is called with: one table for all that holds of each.

Tensors are in double precision and drawn on the CPU. A new public name without a row fails in test_parts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

from avgraph import nn as ours
from avgraph.methods import RRNet
from avgraph.nn import Gaussian

Part = tuple[Callable[..., Any], list[Tensor]]
"""A function or a layer, and its tensors in order."""

NEAR, CANDIDATE = ("audio", "near", "audio"), ("audio", "candidate", "label")
HEARD, DRIVES = ("audio", "activates", "concept"), ("concept", "drives", "concept")
LABEL = torch.tensor([0, 1, 2, 0, 1, 2])
EDGES = torch.tensor([[0, 1, 2, 3, 0, 2, 5, 4, 1], [0, 1, 2, 3, 2, 1, 0, 4, 3]])  # 6 sources, 5 targets
TO_ITSELF = torch.tensor([[1, 2, 3, 0, 4, 5, 2], [0, 1, 2, 3, 3, 5, 0]])
CLIP = torch.tensor([0, 0, 1])
SOLVED: dict[str, Any] = {"max_iter": 500, "tol": 1e-12}


def rows(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def share(*shape: int, seed: int = 0) -> Tensor:
    return rows(*shape, seed=seed).softmax(-1)


def layer(make: Callable[[], nn.Module], *given: Tensor) -> Callable[[], Part]:
    """With weights that are always the same."""

    def part() -> Part:
        torch.manual_seed(0)
        return make().double(), list(given)

    return part


def function(call: Callable[..., Any], *given: Tensor) -> Callable[[], Part]:
    return lambda: (call, list(given))


class OnDicts(nn.Module):
    """A layer of two node types on tensors in order."""

    def __init__(self, whole: nn.Module, *, attributes: bool) -> None:
        super().__init__()
        self.whole, self.attributes = whole, attributes

    def forward(self, audio: Tensor, label: Tensor, near: Tensor, candidate: Tensor, *attr: Tensor) -> Any:
        given: list[Any] = [{"audio": audio, "label": label}, {NEAR: near, CANDIDATE: candidate}]
        if self.attributes:
            given.append(dict(zip((NEAR, CANDIDATE), attr, strict=True)))
        return self.whole(*given)


def rrnet() -> nn.Module:
    return RRNet({"audio": 4, "label": 3}, [NEAR], CANDIDATE, hidden_channels=4, intra_units=1, inter_units=2)


class Energy(nn.Module):
    """`LatentInteraction` on tensors in order."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = ours.LatentInteraction(["audio"], weighting="soft", distance="squared")

    def forward(self, x: Tensor, concept: Tensor, heard: Tensor, drives: Tensor, *weight: Tensor) -> Tensor:
        index = {HEARD: heard, DRIVES: drives}
        found: Tensor = self.whole({"audio": x, "concept": concept}, index, dict(zip(index, weight, strict=True)))
        return found


class Fused(nn.Module):
    """`ExpertAggregation` of three nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = ours.ExpertAggregation("mixture")

    def forward(self, x: Tensor, index: Tensor) -> Tensor:
        found: Tensor = self.whole(x, index, dim_size=3)
        return found


X, Y, Z, TEXT = rows(6, 4, seed=1), rows(6, 4, seed=2), rows(6, 4, seed=3), rows(5, 4, seed=4)
MEAN, LOGVAR = rows(3, 5, 2, seed=5), rows(3, 5, 2, seed=6)
SOFT = (share(6, 3, seed=1), share(6, 3, seed=2))
GRAPH = (X, rows(5, 3, seed=4), TO_ITSELF, EDGES)
MASK = (rows(3, 8, 8, seed=9) > 0).double()
WEIGHT, ADJACENCY = rows(9, seed=7).exp(), share(6, 6, seed=5).triu(1)
PATCHES = (rows(3, 4, 2, 3, seed=1), rows(3, 4, seed=2), CLIP)


def _pair(one: Tensor, two: Tensor, three: Tensor, four: Tensor) -> tuple[Gaussian, Gaussian]:
    return Gaussian(one, two), Gaussian(three, four)


GAUSSIANS = (MEAN[0], LOGVAR[0], MEAN[1], LOGVAR[1])

LOSSES: Mapping[str, Callable[[], Part]] = {
    "alignment_gap": function(ours.alignment_gap, X, Y),
    "contrastive_loss": function(ours.contrastive_loss, X, Y, LABEL),
    "gaussian_kl": function(lambda *x: ours.gaussian_kl(*_pair(*x)), *GAUSSIANS),
    "geometric_js": function(lambda *x: ours.geometric_js(*_pair(*x)), *GAUSSIANS),
    "hard_triplet_loss": function(ours.hard_triplet_loss, X, Y, LABEL),
    "info_nce": function(lambda x, y: ours.info_nce(x, y, 0.1), X, Y),
    "latent_interaction_loss": function(
        lambda *x: ours.latent_interaction_loss(*x, threshold=0.2), X, Y, *SOFT, ADJACENCY
    ),
    "mask_log_likelihood": function(ours.mask_log_likelihood, rows(3, 8, 8, seed=3), MASK),
    "matching_divergence": function(
        ours.matching_divergence, rows(3, 4), rows(3, 4, 2, 2), rows(3, 8, 8, seed=3).sigmoid()
    ),
    "matching_loss": function(lambda x: ours.matching_loss(ours.sinkhorn(x, 0.3, **SOLVED)), share(6, 6)),
    "mm_js": function(ours.mm_js, MEAN, LOGVAR, share(3)),
    "n_pair_loss": function(ours.n_pair_loss, X, Y, LABEL),
    "orthogonality": function(ours.orthogonality, X, rows(6, 3)),
    "proxy_triplet_loss": function(ours.proxy_triplet_loss, X, Y, LABEL),
    "semantic_alignment_loss": function(ours.semantic_alignment_loss, *SOFT, share(6, 3, seed=3)),
    "soft_info_nce": function(lambda x, y, t: ours.soft_info_nce(x, y, t, 0.1), X, Y, share(6, 6)),
}
FUNCTIONS: Mapping[str, Callable[[], Part]] = {
    "attention_edges": function(lambda clip: ours.attention_edges(clip, 2, 3), CLIP),
    "attention_proxy": function(ours.attention_proxy, X, rows(6, 3), rows(5, 3), TEXT),
    "attention_proxy_edges": function(ours.attention_proxy_edges, rows(5, 4), TEXT, Z, Y, EDGES),
    "barycentric_map": function(lambda x, p: ours.barycentric_map(x, p.log()), X, share(6, 5)),
    "complete_batch_edges": function(ours.complete_batch_edges, CLIP, CLIP),
    "geometric_mean_of_experts": function(ours.geometric_mean_of_experts, MEAN, LOGVAR),
    "mahalanobis_cost": function(lambda *x: ours.mahalanobis_cost(*x, normalize="max"), X, TEXT, share(4)),
    "mahalanobis_edge_cost": function(lambda x, y, m, e: ours.mahalanobis_edge_cost(x, y, m @ m.T, e), X, TEXT,
                                      rows(4, 4), EDGES),
    "memory_log_total": function(lambda q, m: ours.memory_log_total(q, m, 0.3), X, TEXT),
    "memory_readout": function(lambda q, m: ours.memory_readout(q, m, 0.3, chunk_size=2), X, TEXT),
    "memory_readout_edges": function(lambda q, m, e: ours.memory_readout_edges(q, m, e, 0.3), TEXT, X, EDGES),
    "mixture_moments": function(ours.mixture_moments, MEAN, LOGVAR, share(3)),
    "partial_sinkhorn": function(lambda c: ours.partial_sinkhorn(c, 0.3, 0.6, **SOLVED), share(6, 5)),
    "partial_sinkhorn_edges": function(
        lambda c, e: ours.partial_sinkhorn_edges(c, e, 0.3, 0.4, num_nodes=(6, 5), **SOLVED), WEIGHT, EDGES
    ),
    "path_similarity": function(lambda a, b, m, n: ours.path_similarity(a, b, (m, n), 0.3), X, TEXT, Y, Z),
    "product_of_experts": function(ours.product_of_experts, MEAN, LOGVAR),
    "project_psd": function(lambda x: ours.project_psd(x + x.T), rows(4, 4)),
    "sinkhorn": function(lambda c: ours.sinkhorn(c, 0.3, **SOLVED), share(6, 5)),
    "sinkhorn, unrolled": function(lambda c: ours.sinkhorn(c, 0.3, max_iter=20, tol=1e-30, grad="unroll"), share(6, 5)),
    "sinkhorn_edges": function(
        lambda c, e: ours.sinkhorn_edges(c, e, 0.3, num_nodes=(6, 6), **SOLVED),
        share(12), torch.stack([torch.arange(12) % 6, torch.cat([torch.arange(6), torch.arange(6).roll(1)])]),
    ),
}  # fmt: skip
LAYERS: Mapping[str, Callable[[], Part]] = {
    "AnchorProxy": layer(lambda: ours.AnchorProxy(4), X, TO_ITSELF),
    "AudioAttention": layer(lambda: ours.AudioAttention(4, 3), *PATCHES),
    "BarycentricConv": layer(lambda: ours.BarycentricConv(0.5, mass=0.3, **SOLVED), X, TO_ITSELF),
    "ExpertAggregation": layer(Fused, X, torch.tensor([0, 0, 1, 1, 2, 0])),
    "HeteroEdgeUnit": layer(
        lambda: OnDicts(ours.HeteroEdgeUnit(4, [NEAR, CANDIDATE]), attributes=True),
        X, TEXT, TO_ITSELF, EDGES, rows(7, 4), rows(9, 4),
    ),
    "InterUnit": layer(lambda: ours.InterUnit(4), X, TEXT, EDGES, rows(9, 4)),
    "IntraUnit": layer(lambda: ours.IntraUnit(4), X, TO_ITSELF, rows(7, 4)),
    "LatentInteraction": layer(Energy, X, TEXT, EDGES, torch.tensor([[0, 1], [2, 3]]), WEIGHT, rows(2).exp()),
    "MemoryConv": layer(lambda: ours.MemoryConv(0.5), X, TO_ITSELF),
    "MutualInformation": layer(lambda: ours.MutualInformation(4), X, Y),
    "Projector": layer(lambda: ours.Projector(4, 6, 3), X),
    "RRNet": layer(lambda: OnDicts(rrnet(), attributes=False), *GRAPH),
    "SinkhornConv": layer(lambda: ours.SinkhornConv(0.5, mass=0.3, **SOLVED), X, TO_ITSELF),
}  # fmt: skip
LOOKS_AT_VALUES = {
    **dict.fromkeys(("sinkhorn", "sinkhorn, unrolled", "partial_sinkhorn", "matching_loss"), "iterates"),
    **dict.fromkeys(("SinkhornConv", "sinkhorn_edges", "partial_sinkhorn_edges", "BarycentricConv"), "iterates"),
    **dict.fromkeys(("attention_edges", "AudioAttention", "complete_batch_edges"), "who is of one clip"),
    "hard_triplet_loss": "whom to compare", "n_pair_loss": "whom to compare", "project_psd": "whether there is work",
}  # fmt: skip
"""Parts whose course depends on numbers: why. They have no shape on the meta device, and are compiled in pieces."""
PARTS = {**LOSSES, **FUNCTIONS, **LAYERS}
NOT_HERE = {
    "Coupling": "a result", "Gaussian": "a result", "Incidence": "a view of edges", "complete_edges": "of two numbers",
    "segment_backend": "a setting", "semantic_noise": "draws, which another device makes otherwise",
}  # fmt: skip


def tensors_of(found: Any) -> Iterator[Tensor]:
    """All tensors of a result, whatever it is made of."""
    if isinstance(found, Tensor):
        yield found
    elif is_dataclass(found):
        for field in fields(found):
            yield from tensors_of(getattr(found, field.name))
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from tensors_of(value)
    elif isinstance(found, (tuple, list)):
        for value in found:
            yield from tensors_of(value)


def results(name: str, device: str = "cpu", dtype: torch.dtype = torch.float64, wrap: Any = None) -> list[Tensor]:
    """What a part gives and the gradient of all that it can be differentiated by, on a device in a type."""
    call, given = PARTS[name]()
    inputs = [one.to(device, dtype).requires_grad_() if one.is_floating_point() else one.to(device) for one in given]
    leaves = [one for one in inputs if one.is_floating_point()]
    if isinstance(call, nn.Module):
        call = call.to(device, dtype)
        leaves += call.parameters()
    found = list(tensors_of((call if wrap is None else wrap(call))(*inputs)))
    smooth = [one for one in found if one.requires_grad]
    if not smooth:
        return found
    total = torch.stack([(one.flatten() * _weights(one)).sum() for one in smooth]).sum()
    gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    return [one.detach() for one in found] + [one for one in gradients if one is not None]


def _weights(like: Tensor) -> Tensor:
    return torch.linspace(0.5, 1, like.numel(), device=like.device, dtype=like.dtype)
