"""Latent interaction regulariser ("Inferred Latent Interaction Graphs", Eq. 7): clip → concept → concept ← clip."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.losses.interaction_energy import Modality, euclidean_energy, shares_of
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite, is_traced

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
            audio, visual = (shares_of((s > threshold if weighting == "hard" else s).to(z_audio)) for s in softs)
            c = audio.shape[1]
        parts = [Modality(z_audio, audio, slice(0, c)), Modality(z_visual, visual, slice(c, 2 * c))]
        loss = euclidean_energy(parts, adjacency.detach().to(z_audio), intra_weight, inter_weight)
        given = {"soft_audio": soft_audio, "soft_visual": soft_visual, "adjacency": adjacency}
        return finite(loss, {"z_audio": z_audio, "z_visual": z_visual, **given})


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
    if not is_traced(adjacency) and not bool(((adjacency >= 0) & adjacency.isfinite()).all()):
        raise GraphError("adjacency: expected finite weights of at least 0")
    if weighting not in ("hard", "soft"):
        raise GraphError(f"weighting: expected 'hard' or 'soft', got {weighting!r}")
