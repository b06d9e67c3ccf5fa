"""Latent interaction regulariser ("Inferred Latent Interaction Graphs", Eq. 7): clip → concept → concept ← clip."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite

Weighting = Literal["hard", "soft"]


def latent_interaction_loss(
    z_audio: Tensor,
    z_visual: Tensor,
    soft_audio: Tensor,
    soft_visual: Tensor,
    adjacency: Tensor,
    *,
    threshold: float = 0.5,
    intra_weight: float = 0.1,
    inter_weight: float = 0.4,
    weighting: Weighting = "hard",
) -> Tensor:
    r"""Draw together the clips in which dependent concepts are active.

    .. math::
        \sum_{i, j} W_{ij} \hat A_{ij} \operatorname{mean}_{(n, m)\,:\,s_n[i] > \tau,\, s_m[j] > \tau}
        \lVert z_n - z_m \rVert_2

    Concepts 0 … c−1 are the classes as heard, c … 2c−1 as seen; z_n is the embedding of clip n in the modality of i,
    z_m that of m in the modality of j, W is ``intra_weight`` where these are the same and ``inter_weight`` where not.
    Within a modality a clip is not paired with itself; an edge without pairs adds 0. With S the activity of clips
    [n, 2c] the mean is a product S_i ᵀ D S_j over a count, so that all edges of a block share one distance matrix.

    Args:
        z_audio, z_visual: embeddings; only these get a gradient.
        soft_audio, soft_visual: a teacher's probability of each class.
        adjacency: weight of (concept i, drives, concept j).
        threshold: above it a concept is active.
        weighting: ``"hard"``, the mean over active pairs, or ``"soft"``, the mean over all pairs weighted by
            s_n[i] · s_m[j].

    Shapes:
        z_audio, z_visual [n, d], soft_audio, soft_visual [n, c], adjacency [2c, 2c] → scalar

    Raises:
        GraphError: if shapes disagree, a weight is negative or not finite, or ``weighting`` is unknown.

    Example:
        >>> z, soft = torch.tensor([[0.0], [3.0]]), torch.tensor([[0.9, 0.1], [0.1, 0.9]])
        >>> adjacency = torch.zeros(4, 4)
        >>> adjacency[0, 3] = 1.0  # hearing class 0 drives seeing class 1: clip 0 as heard, clip 1 as seen
        >>> latent_interaction_loss(z, z, soft, soft, adjacency)
        tensor(1.2000)
    """
    _check(z_audio, z_visual, soft_audio, soft_visual, adjacency, weighting)
    with full_precision(z_audio, z_visual) as (z_audio, z_visual):
        with torch.no_grad():
            softs = [soft_audio.detach(), soft_visual.detach()]
            audio, visual = (_shares((s > threshold if weighting == "hard" else s).to(z_audio)) for s in softs)
            edge = adjacency.detach().to(z_audio)
            c = audio.shape[1]
            intra_audio = intra_weight * _over_other_clips(edge[:c, :c], audio)
            intra_visual = intra_weight * _over_other_clips(edge[c:, c:], visual)
            across = inter_weight * (edge[:c, c:] + edge[c:, :c].T)  # d(n, m) is the same in both directions
        loss = (
            weighted_distance(z_audio, z_audio, audio @ intra_audio, audio)
            + weighted_distance(z_visual, z_visual, visual @ intra_visual, visual)
            + weighted_distance(z_audio, z_visual, audio @ across, visual)
        )
        given = {"soft_audio": soft_audio, "soft_visual": soft_visual, "adjacency": adjacency}
        return finite(loss, {"z_audio": z_audio, "z_visual": z_visual, **given})


def _shares(activity: Tensor) -> Tensor:
    """Each clip's share of a concept's activity [n, c]: 1 in all, or 0 where nothing is active."""
    total = activity.sum(0)
    return torch.where(total > 0, activity / total, 0)


def _over_other_clips(edge: Tensor, share: Tensor) -> Tensor:
    """Weights of edges within a modality, divided by the share of pairs that are of two clips."""
    other = 1 - share.T @ share
    return torch.where(other > 1e-6, edge / other, 0)  # soft labels leave a rest of rounding where there is no pair


def _check(
    z_audio: Tensor, z_visual: Tensor, soft_audio: Tensor, soft_visual: Tensor, adjacency: Tensor, weighting: str
) -> None:
    named = {"z_audio": z_audio, "z_visual": z_visual, "soft_audio": soft_audio, "soft_visual": soft_visual}
    check_tensors({**named, "adjacency": adjacency})
    if not (z_audio.is_floating_point() and soft_audio.is_floating_point() and soft_visual.is_floating_point()):
        got = ", ".join(str(value.dtype) for value in named.values())
        raise GraphError(f"{', '.join(named)}: expected floating point, got {got}")
    if z_audio.dim() != 2 or z_audio.shape != z_visual.shape or z_audio.dtype != z_visual.dtype:
        got = f"{list(z_audio.shape)} {z_audio.dtype}, {list(z_visual.shape)} {z_visual.dtype}"
        raise GraphError(f"z_audio, z_visual: expected two [n, d] of one shape and type, got {got}")
    n = len(z_audio)
    if soft_audio.dim() != 2 or soft_audio.shape != soft_visual.shape or len(soft_audio) != n:
        got = f"{list(soft_audio.shape)} and {list(soft_visual.shape)}"
        raise GraphError(f"soft_audio, soft_visual: expected two [{n}, c] of one shape, got {got}")
    for name, soft in (("soft_audio", soft_audio), ("soft_visual", soft_visual)):
        finite(soft.sum(), {name: soft})  # a comparison with the threshold would hide NaN
    size = 2 * soft_audio.shape[1]
    if adjacency.shape != (size, size):
        raise GraphError(f"adjacency: expected [{size}, {size}], audio classes first, got {list(adjacency.shape)}")
    if not bool((adjacency >= 0).all()) or not bool(adjacency.isfinite().all()):
        raise GraphError("adjacency: expected finite weights of at least 0")
    if weighting not in ("hard", "soft"):
        raise GraphError(f"weighting: expected 'hard' or 'soft', got {weighting!r}")


# Distances that are held at a time: 4 MiB of float32. At batch 4096 and 50 classes the loss then takes half the memory
# of one block of distances; chunks of an eighth take less and 10 % more time (benchmarks/latent_interaction_loss.py).
_CHUNK = 1 << 20


def weighted_distance(x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
    r"""Σ_{nm} (left rightᵀ)_{nm} ‖x_n − y_m‖₂, with a gradient for ``x`` and ``y`` only.

    The gradient is taken in the forward pass, chunk by chunk, so that neither distances nor weights are kept:

    .. math::
        \partial_{x_n} = \sum_m \frac{w_{nm}}{d_{nm}} (x_n - y_m), \qquad \text{0 where } d_{nm} = 0

    Shapes:
        x [n, d], y [m, d], left [n, c], right [m, c] → scalar

    Example:
        >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
        >>> weighted_distance(x, y, torch.ones(1, 1), torch.full((1, 1), 2.0))
        tensor(10.)
    """
    total: Tensor = _WeightedDistance.apply(x, y, left, right)
    return total


class _WeightedDistance(torch.autograd.Function):
    """The sum, and its gradient kept from the forward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
        needs_gradient = any(ctx.needs_input_grad[:2])
        total = x.new_zeros(())
        of_x, of_y = torch.empty_like(x), torch.zeros_like(y)
        size = max(1, _CHUNK // max(1, len(y)))
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            # Not by a matrix product, which cannot tell near points from equal ones.
            distance = torch.cdist(x[part], y, compute_mode="donot_use_mm_for_euclid_dist")
            weight = left[part] @ right.T
            total += torch.dot(weight.flatten(), distance.flatten())
            if needs_gradient:
                pull = weight.div_(distance).masked_fill_(distance == 0, 0)
                of_x[part] = pull.sum(1, keepdim=True) * x[part] - pull @ y
                of_y += pull.sum(0)[:, None] * y - pull.T @ x[part]
        if needs_gradient:
            ctx.save_for_backward(of_x, of_y)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_x, of_y = ctx.saved_tensors
        return gradient[0] * of_x, gradient[0] * of_y, None, None
