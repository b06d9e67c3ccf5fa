"""Rows of another data set have the shape of those that a method has learned from."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from avgraph.errors import GraphError


def check_row_shape(node: str, x: Tensor, shape: Sequence[int] | None) -> None:
    """Refuse rows of another shape than those that a method has learned from.

    Raises:
        GraphError: naming the node type and both shapes.

    Example:
        >>> import torch
        >>> check_row_shape("audio", torch.zeros(2, 3), [4])
        Traceback (most recent call last):
        avgraph.errors.GraphError: audio.x: expected rows [n, 4], as the run was trained on, got [2, 3]
    """
    if shape is not None and list(x.shape[1:]) != list(shape):
        wanted = ", ".join(map(str, ["n", *shape]))
        raise GraphError(f"{node}.x: expected rows [{wanted}], as the run was trained on, got {list(x.shape)}")
