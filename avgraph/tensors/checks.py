"""What public functions ask of their arguments: that they are tensors, and that finite ones give finite results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from avgraph.errors import GraphError


def check_tensors(named: Mapping[str, Any]) -> None:
    """Refuse arguments that are no tensors.

    Raises:
        GraphError: naming the argument and what it is.

    Example:
        >>> check_tensors({"x": [1.0]})
        Traceback (most recent call last):
        avgraph.errors.GraphError: x: expected a tensor, got list; torch.as_tensor makes one
    """
    for name, value in named.items():
        if not isinstance(value, Tensor):
            got = f"{type(value).__module__.split('.')[0]}.{type(value).__qualname__}".removeprefix("builtins.")
            raise GraphError(f"{name}: expected a tensor, got {got}; torch.as_tensor makes one")


def check_classes(name: str, value: Any, rows: int) -> None:
    """Refuse classes that are no whole numbers, one per row.

    Raises:
        GraphError: naming the argument.

    Example:
        >>> import torch
        >>> check_classes("label", torch.tensor([0.5]), 1)
        Traceback (most recent call last):
        avgraph.errors.GraphError: label: expected classes [1] as whole numbers, got torch.float32 [1]
    """
    check_tensors({name: value})
    if value.shape != (rows,) or value.is_floating_point() or value.is_complex():
        raise GraphError(f"{name}: expected classes [{rows}] as whole numbers, got {value.dtype} {list(value.shape)}")


def check_temperature(temperature: float) -> None:
    """Refuse what similarities cannot be divided by.

    Raises:
        GraphError: if it is not above 0, or not finite.

    Example:
        >>> check_temperature(0.0)
        Traceback (most recent call last):
        avgraph.errors.GraphError: temperature: expected a number above 0, got 0.0
    """
    if not 0 < temperature < float("inf"):
        raise GraphError(f"temperature: expected a number above 0, got {temperature}")


def is_traced(x: Tensor) -> bool:
    """Whether no value may be looked at: a graph is traced, or the tensor is of the meta device and has none.

    Example:
        >>> is_traced(torch.ones(1)), is_traced(torch.ones(1, device="meta"))
        (False, True)
    """
    return torch.compiler.is_compiling() or x.is_meta


def finite(result: Tensor, named: Mapping[str, Tensor]) -> Tensor:
    """The result, if every number of it is finite. Looks at the arguments only where it is not.

    Raises:
        GraphError: naming the argument that is not finite, or else the one with the largest number: it overflows.

    Example:
        >>> import torch
        >>> x = torch.tensor([[1.0], [3e38]])
        >>> finite(x.square().sum(), {"x": x})
        Traceback (most recent call last):
        avgraph.errors.GraphError: x: numbers up to 3e+38 overflow in float32; scale them down
    """
    if is_traced(result):
        return result
    seen = result.detach()
    if bool(seen.sum().isfinite()) or bool(seen.isfinite().all()):
        return result
    named = {name: value.detach() for name, value in named.items() if value.numel()}
    for name, value in named.items():
        if bool((wrong := ~value.isfinite()).any()):
            place = wrong.nonzero()[0].tolist()
            row = f"row {place[0]}" if place else "it"
            raise GraphError(f"{name}: {row} is not finite ({float(value[tuple(place)])})")
    size = {name: float(value.abs().max()) for name, value in named.items()}
    largest = max(size, key=lambda name: size[name])
    dtype = str(result.dtype).removeprefix("torch.")
    raise GraphError(f"{largest}: numbers up to {size[largest]:.4g} overflow in {dtype}; scale them down")
