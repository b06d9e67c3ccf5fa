"""Finite input, however large or small: a finite result, or one line that names the argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph import dag, metrics, nn, transforms
from avgraph.errors import AvgraphError

ROWS = 6
LABEL = torch.tensor([0, 1, 2, 0, 1, 2])
CLEAN = torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(1))
EDGES = torch.stack([torch.arange(ROWS).repeat_interleave(ROWS), torch.arange(ROWS).repeat(ROWS)])
MAGNITUDES = [1e30, 1e-41, 3e38, 1e-30, 1e19, 1e-20]
ARGUMENTS = frozenset(
    re.findall(
        r"\w+",
        """a adjacency anchor audio_soft b boxes column columns confidence correlation cost covariance data edge_logit
        epsilon feature_map gallery iou key logits logvar matrix mean memory metric other parents probability prompt
        query score scores similarity soft_audio soft_visual sound target temperature uncertainty value variable
        variance visual_soft weights x y z z_audio z_visual""",
    )
)


def store(x: Tensor, **attributes: Any) -> HeteroData:
    data = HeteroData(audio={"x": x, "y": LABEL}, text={"x": CLEAN, "y": LABEL})
    for name, value in attributes.items():
        data["audio"][name] = value
    return data


def soft(x: Tensor) -> Tensor:
    return x.abs().clamp(0, 1)


def square(x: Tensor) -> Tensor:
    return torch.cat([x, x.flip(1)], 1)[:4, :4]


FUNCTIONS: dict[str, Callable[[Tensor], Any]] = {
    "alignment_gap": lambda x: nn.alignment_gap(x, CLEAN),
    "alignment_gap, squared": lambda x: nn.alignment_gap(CLEAN, x, squared=True),
    "attention_proxy": lambda x: nn.attention_proxy(x, x, CLEAN, CLEAN),
    "attention_proxy, value": lambda x: nn.attention_proxy(CLEAN, CLEAN, x, x),
    "contrastive_loss": lambda x: nn.contrastive_loss(x, CLEAN, LABEL),
    "hard_triplet_loss": lambda x: nn.hard_triplet_loss(x, CLEAN, LABEL),
    "n_pair_loss": lambda x: nn.n_pair_loss(x, CLEAN, LABEL),
    "n_pair_loss, both": lambda x: nn.n_pair_loss(x, x, LABEL),
    "proxy_triplet_loss": lambda x: nn.proxy_triplet_loss(CLEAN, x, LABEL),
    "info_nce": lambda x: nn.info_nce(x, CLEAN, 0.05),
    "info_nce, temperature": lambda x: nn.info_nce(CLEAN, CLEAN.flip(0), float(x.abs().max())),
    "latent_interaction_loss": lambda x: nn.latent_interaction_loss(
        x, CLEAN, soft(CLEAN), soft(CLEAN), torch.ones(8, 8)
    ),
    "latent_interaction_loss, adjacency": lambda x: nn.latent_interaction_loss(
        CLEAN, CLEAN.flip(0), soft(CLEAN), soft(CLEAN), square(x).abs().repeat(2, 2), weighting="soft"
    ),
    "latent_interaction_loss, soft": lambda x: nn.latent_interaction_loss(
        CLEAN, CLEAN.flip(0), soft(x), soft(CLEAN), torch.ones(8, 8), weighting="soft"
    ),
    "mahalanobis_cost": lambda x: nn.mahalanobis_cost(x, CLEAN, torch.eye(4)),
    "mahalanobis_cost, normalized": lambda x: nn.mahalanobis_cost(CLEAN, x, torch.ones(4), normalize="max"),
    "mahalanobis_cost, metric": lambda x: nn.mahalanobis_cost(CLEAN, CLEAN, square(x) @ torch.eye(4)),
    "memory_readout": lambda x: nn.memory_readout(x, CLEAN, 0.05),
    "memory_readout, memory": lambda x: nn.memory_readout(CLEAN, x, 0.05),
    "memory_readout, temperature": lambda x: nn.memory_readout(CLEAN, CLEAN, float(x.abs().max())),
    "project_psd": lambda x: nn.project_psd(square(x)),
    "project_psd, diagonal": lambda x: nn.project_psd(x[0]),
    "semantic_alignment_loss": lambda x: nn.semantic_alignment_loss(soft(CLEAN), soft(CLEAN), x),
    "semantic_noise": lambda x: nn.semantic_noise(x, 0.004, generator=torch.Generator().manual_seed(0)),
    "semantic_noise, variance": lambda x: nn.semantic_noise(
        CLEAN, float(x.abs().max()) ** 2, generator=torch.Generator().manual_seed(0)
    ),
    "sinkhorn": lambda x: nn.sinkhorn(x, 0.05, max_iter=50),
    "sinkhorn, masses": lambda x: nn.sinkhorn(CLEAN[:, :4].abs(), 0.5, x[:, 0].abs() + 1e-44, b_of(x), max_iter=50),
    "sinkhorn, epsilon": lambda x: nn.sinkhorn(CLEAN, float(x.abs().max()), max_iter=50),
    "matching_loss": lambda x: nn.matching_loss(nn.sinkhorn(x[:4].contiguous(), 0.05, max_iter=50)),
    "partial_sinkhorn": lambda x: nn.partial_sinkhorn(x, 0.05, 0.5, max_iter=50),
    "sinkhorn_edges": lambda x: nn.sinkhorn_edges(
        x.repeat(2, 1).flatten()[:36], EDGES, 0.05, num_nodes=(ROWS, ROWS), max_iter=50
    ),
    "partial_sinkhorn_edges": lambda x: nn.partial_sinkhorn_edges(
        x.repeat(2, 1).flatten()[:36], EDGES, 0.05, 0.5, num_nodes=(ROWS, ROWS), max_iter=50
    ),
    "mean_average_precision": lambda x: metrics.mean_average_precision(x, CLEAN, LABEL, LABEL),
    "recall_at_k": lambda x: metrics.recall_at_k(CLEAN, x, LABEL, LABEL, 2),
    "modality_gap": lambda x: metrics.modality_gap(x, CLEAN),
    "accuracy": lambda x: metrics.accuracy(x, LABEL, LABEL >= 0),
    "top_k_recall": lambda x: metrics.top_k_recall(x, LABEL, 2),
    "edge_argmax_accuracy": lambda x: metrics.edge_argmax_accuracy(
        x.flatten()[:ROWS], torch.stack([torch.arange(ROWS), LABEL]), LABEL, LABEL >= 0, ROWS
    ),
    "zero_shot_accuracy": lambda x: metrics.zero_shot_accuracy(x, CLEAN, LABEL, LABEL, ks=(1, 2)),
    "counterfactual_scores": lambda x: metrics.counterfactual_scores(soft(x[:, 0]), x[:, 1], LABEL > 0),
    "best_proposals": lambda x: metrics.best_proposals(x[:, 0], torch.arange(ROWS), ROWS),
    "box_maps": lambda x: metrics.box_maps(torch.cat([x[:, :2] - x[:, :2].abs() * 2, x[:, :2]], 1), 4, 4),
    "nearest_neighbours": lambda x: transforms.nearest_neighbours(x, 2),
    "KNN": lambda x: transforms.KNN("audio", 2)(store(x)),
    "Candidates": lambda x: transforms.Candidates("audio", "text", 2, scores=x.repeat(1, 2)[:, :ROWS])(store(CLEAN)),
    "Complete": lambda x: transforms.Complete("audio", "text")(store(CLEAN, score=x.repeat(1, 2)[:, :ROWS])),
    "CouplingEdges": lambda x: transforms.CouplingEdges("audio", "text")(store(x)),
    "CouplingEdges, raw": lambda x: transforms.CouplingEdges("audio", "text", unit_rows=False)(store(x)),
    "MemoryEdges": lambda x: transforms.MemoryEdges("audio", "text", 2)(store(x)),
    "MemoryEdges, target": lambda x: transforms.MemoryEdges("text", "audio", 2)(store(x)),
    "DependencyEdges": lambda x: transforms.DependencyEdges(square(x).abs().triu(1), node="c")(
        HeteroData(c={"x": torch.eye(4)})
    ),
    "gaussian_kl": lambda x: nn.gaussian_kl(nn.Gaussian(x, CLEAN), nn.Gaussian(CLEAN, CLEAN)),
    "gaussian_kl, logvar": lambda x: nn.gaussian_kl(nn.Gaussian(CLEAN, CLEAN), nn.Gaussian(CLEAN.flip(0), x)),
    "product_of_experts": lambda x: nn.product_of_experts(x, CLEAN),
    "product_of_experts, logvar": lambda x: nn.product_of_experts(CLEAN, x, standard_normal=True),
    "geometric_mean_of_experts": lambda x: nn.geometric_mean_of_experts(CLEAN, x, soft(CLEAN[:, 0]) + 0.1),
    "mixture_moments": lambda x: nn.mixture_moments(x, CLEAN),
    "mixture_moments, logvar": lambda x: nn.mixture_moments(CLEAN, x),
    "geometric_js": lambda x: nn.geometric_js(nn.Gaussian(x, CLEAN), nn.Gaussian(CLEAN, CLEAN), 0.3),
    "mm_js": lambda x: nn.mm_js(CLEAN, x),
    "ExpertAggregation": lambda x: nn.ExpertAggregation("mixture")(torch.cat([x, x], 1), LABEL),
    "mask_log_likelihood": lambda x: nn.mask_log_likelihood(x[None], soft(CLEAN)[None]),
    "orthogonality": lambda x: nn.orthogonality(x, CLEAN),
    "matching_divergence": lambda x: nn.matching_divergence(x, CLEAN[:, :, None, None], soft(CLEAN[:, :1, None])),
    "matching_divergence, map": lambda x: nn.matching_divergence(CLEAN, x[:, :, None, None], soft(CLEAN[:, :1, None])),
    "error_detection_auroc": lambda x: metrics.error_detection_auroc(x, CLEAN > 0),
    "bic_score": lambda x: dag.bic_score(np.cov(x.double().numpy().T, ddof=0), 100, 1, [0]),
    "total_bic_score": lambda x: dag.total_bic_score(np.diag(x[0].double().numpy() ** 2), 100, np.zeros((4, 4), bool)),
    "grasp": lambda x: dag.grasp(x, restarts=1),
    "grasp, covariance": lambda x: dag.grasp(covariance=np.diag(x[0].double().numpy() ** 2), n_samples=100, restarts=1),
    "dependency_weights": lambda x: dag.dependency_weights(x, np.eye(4, k=1) > 0),
    "edge_frequency": lambda x: dag.edge_frequency([square(x).numpy(), square(CLEAN).numpy()]),
}


def b_of(x: Tensor) -> Tensor:
    return torch.full((4,), min(float(x[:, 0].abs().double().sum() / 4), 3e38))


def extremes(magnitude: float) -> Iterator[Tensor]:
    yield CLEAN.clamp(-1, 1) * magnitude
    one_row = CLEAN.clone()
    one_row[2] = magnitude
    yield one_row
    one_entry = CLEAN.clone()
    one_entry[3, 1] = -magnitude
    yield one_entry
    alternating = torch.full((ROWS, 4), magnitude)
    alternating[::2] *= -1
    yield alternating + CLEAN


def numbers(result: Any) -> Iterator[Tensor]:
    """Every number of a result, wherever in it."""
    if isinstance(result, Tensor):
        if result.is_floating_point():
            yield result.double()
    elif isinstance(result, (float, np.ndarray)):
        yield torch.as_tensor(result).double()
    elif isinstance(result, dict):
        for value in result.values():
            yield from numbers(value)
    elif isinstance(result, tuple):
        for value in result:
            yield from numbers(value)
    elif isinstance(result, HeteroData):
        for edges in result.edge_stores:
            yield from numbers(dict(edges))
    elif isinstance(result, nn.Coupling):
        yield from numbers((result.plan, result.f, result.g, result.error))
    elif isinstance(result, dag.DAG):
        yield from numbers((result.score, result.start_scores))


def outcome(name: str, x: Tensor) -> tuple[Any, str]:
    """The result, or nothing and the message."""
    try:
        return FUNCTIONS[name](x), ""
    except AvgraphError as error:
        return None, str(error)


@pytest.mark.parametrize("magnitude", MAGNITUDES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_finite_or_told(name: str, magnitude: float) -> None:
    for x in extremes(magnitude):
        result, message = outcome(name, x)
        assert all(bool(value.isfinite().all()) for value in numbers(result)), x.tolist()
        assert not message or ("\n" not in message and ARGUMENTS & set(re.findall(r"\w+", message))), message
