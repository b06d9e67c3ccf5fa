"""Inner folds, so that no clip is scored by a model that has seen it, and their embeddings turned into one space."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from avgraph.errors import DataError


def inner_folds(store: Any, train: Int[Tensor, " m"], parts: int = 5) -> Int[Tensor, " m"]:
    """Hold-out group of every training clip: its published fold, else its source file's, else round robin by class.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData()
        >>> data["audio"].fold = torch.tensor([1, 2, 3])
        >>> inner_folds(data["audio"], torch.tensor([1, 2]))
        tensor([2, 3])
    """
    fold = getattr(store, "fold", None)
    if fold is not None and len(set(fold[train].tolist())) > 1:
        published: Tensor = fold[train]
        return published
    source = getattr(store, "source_file", None)
    y = store.y[train]
    if source is not None:
        order = {name: number for number, name in enumerate(dict.fromkeys(source[int(i)] for i in train))}
        return torch.tensor([order[source[int(i)]] % parts for i in train])
    rank = torch.zeros_like(y)
    for label in y.unique():
        of_class = y == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    return rank % parts


def check_folds(encoder: str, y: Int[Tensor, " m"], groups: Int[Tensor, " m"]) -> None:
    """Refuse training rows that leave nothing to tell apart where the rows of one fold are held out.

    Args:
        encoder: to be named.
        y: class of every training row.
        groups: its fold, see `inner_folds`.

    Raises:
        DataError: if they are of one class, or but one class has rows outside a fold; it names a class that has none.

    Example:
        >>> check_folds("perceptron", torch.tensor([0, 1]), torch.tensor([0, 0]))
        Traceback (most recent call last):
        avgraph.errors.DataError: perceptron: expected at least 2 training rows a class, in two folds; of ...
    """
    classes = y.unique()
    if len(classes) < 2:
        raise DataError(f"{encoder}: the training rows hold {len(classes)} class; expected at least 2")
    for fold in groups.unique():
        if len(y[groups != fold].unique()) < 2:
            count = y[groups == fold].bincount(minlength=int(y.max()) + 1)
            alone = next(number for number in classes.tolist() if count[number] == (y == number).sum())
            told = f"of class {alone} all ({int(count[alone])}) are in one"
            raise DataError(f"{encoder}: expected at least 2 training rows a class, in two folds; {told}")


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
