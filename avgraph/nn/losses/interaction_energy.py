"""How far apart the clips are in which dependent concepts are active: the arithmetic of the latent interactions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from avgraph.nn.losses.weighted_distance import weighted_distance

Distance = Literal["euclidean", "squared"]


class Modality(NamedTuple):
    """The clips of one modality and the concepts that are active in them.

    Shapes:
        z [n, d], share [n, c] (see `shares_of`), the c of them are ``concepts`` of all
    """

    z: Tensor
    share: Tensor
    concepts: slice


def shares_of(activity: Tensor) -> Tensor:
    """Each clip's share of a concept's activity [n, c]: 1 in all, or 0 where nothing is active.

    Example:
        >>> shares_of(torch.tensor([[1.0, 0.0], [3.0, 0.0]]))
        tensor([[0.2500, 0.0000],
                [0.7500, 0.0000]])
    """
    total = activity.sum(0)
    return activity / total.masked_fill(total == 0, 1)


def euclidean_energy(parts: Sequence[Modality], edge: Tensor, intra_weight: float, inter_weight: float) -> Tensor:
    r"""Σ_ij edge_ij (weighted mean of ‖z_n − z_m‖ over clips n with concept i and m with j), with gradients of z only.

    All edges between two modalities share one matrix of distances, S_p edge S_qᵀ weighs it, and it is never held whole.
    Within a modality a clip is not paired with itself.

    Shapes:
        edge [C, C] → scalar

    Example:
        >>> one = Modality(torch.tensor([[0.0], [3.0]]), torch.eye(2), slice(0, 2))
        >>> euclidean_energy([one], torch.tensor([[0.0, 1.0], [0.0, 0.0]]), 1.0, 1.0)
        tensor(3.)
    """
    total = edge.new_zeros(())
    for z, share, own in parts:
        with torch.no_grad():
            within = intra_weight * _per_pair(edge[own, own], share.T @ share)
        total = total + weighted_distance(z, z, share @ within, share)
    for one, other in combinations(parts, 2):
        across = (
            edge[one.concepts, other.concepts] + edge[other.concepts, one.concepts].T
        )  # distances have no direction
        total = total + weighted_distance(one.z, other.z, one.share @ (inter_weight * across), other.share)
    return total


def edge_energies(
    parts: Sequence[Modality], drives: Tensor, intra_weight: float, inter_weight: float, distance: Distance
) -> Tensor:
    r"""The weighted mean distance of each edge by itself; differentiable in the shares, too.

    Squared distances need two moments of each concept, m_i = Σ s_n z_n and v_i = Σ s_n ‖z_n‖²:

    .. math::
        \sum_{nm} s_n[i]\, s_m[j]\, \lVert z_n - z_m \rVert^2 = v_i + v_j - 2\, m_i \cdot m_j

    Args:
        parts: modalities whose ``concepts`` are all.
        drives: (concept i, concept j).
        intra_weight, inter_weight: of edges within a modality and across.
        distance: ``"euclidean"``, all n² distances, or ``"squared"``, in O(n C + E) numbers of z.

    Shapes:
        drives [2, E] → [E]

    Example:
        >>> one = Modality(torch.tensor([[0.0], [3.0]]), torch.eye(2), slice(None))
        >>> edge_energies([one], torch.tensor([[0], [1]]), 1.0, 1.0, "squared")
        tensor([9.])
    """
    of = _squared if distance == "squared" else _euclidean
    total = parts[0].z.new_zeros(drives.shape[1])
    for one in parts:
        for other in parts:
            mean = of(one, other, drives)
            if one is other:
                both = (one.share[:, drives[0]] * one.share[:, drives[1]]).sum(0)
                total = total + intra_weight * _per_pair(mean, both)
            else:
                total = total + inter_weight * mean
    return total


def _euclidean(one: Modality, other: Modality, drives: Tensor) -> Tensor:
    apart = torch.cdist(one.z, other.z, compute_mode="donot_use_mm_for_euclid_dist")
    return (one.share[:, drives[0]] * (apart @ other.share)[:, drives[1]]).sum(0)


def _squared(one: Modality, other: Modality, drives: Tensor) -> Tensor:
    centre = torch.cat([one.z, other.z]).mean(0).detach()  # far from the origin near points would cancel to noise
    (first, first_square, first_mass), (second, second_square, second_mass) = (
        (share.T @ (z - centre), share.T @ (z - centre).square().sum(1), share.sum(0)) for z, share, _ in (one, other)
    )
    i, j = drives
    square = first_square[i] * second_mass[j] + first_mass[i] * second_square[j] - 2 * (first[i] * second[j]).sum(1)
    return square.clamp_min(0)


def _per_pair(mean: Tensor, alone: Tensor) -> Tensor:
    """A mean over all pairs as one over those of two clips; ``alone``: the share of clips paired with themselves."""
    of_two = 1 - alone
    some = of_two > 1e-6  # soft labels leave a rest of rounding where there is no pair
    return torch.where(some, mean / torch.where(some, of_two, 1), 0)
