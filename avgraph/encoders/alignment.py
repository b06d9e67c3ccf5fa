"""The embeddings of one network turned into the space of another."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def procrustes(source: Float[Tensor, "n d"], target: Tensor) -> Float[Tensor, "d d"]:
    r"""The orthogonal R that minimises ‖source R − target‖_F, from the SVD of sourceᵀ target.

    Shapes:
        source, target [n, d] (the same clips seen by two networks) → R [d, d]

    Raises:
        ValueError: if the two shapes differ.

    Example:
        >>> x = torch.randn(20, 3, dtype=torch.float64)
        >>> rotation = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
        >>> torch.allclose(procrustes(x, x @ rotation), rotation)
        True
    """
    if source.shape != target.shape:
        raise ValueError(f"expected two equal shapes, got {tuple(source.shape)} and {tuple(target.shape)}")
    u, _, vh = torch.linalg.svd(source.T @ target)
    rotation: Tensor = u @ vh
    return rotation


def align(x: Float[Tensor, "m d"], source: Float[Tensor, "n d"], target: Float[Tensor, "n d"]) -> Float[Tensor, "m d"]:
    """Carry rows ``x`` of the source network into the target network's space, fitted on shared clips.

    Both spaces are centred first; the fit uses only the clips given as ``source`` and ``target``.

    Example:
        >>> source = torch.randn(20, 3)
        >>> torch.allclose(align(source[:2], source, source + 1.0), source[:2] + 1.0, atol=1e-5)
        True
    """
    source_mean, target_mean = source.mean(0), target.mean(0)
    return (x - source_mean) @ procrustes(source - source_mean, target - target_mean) + target_mean
