"""Small random graphs and comparisons that the tests of the units share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

H = 3


def random_edges(num_source: int, num_target: int, num_edges: int, seed: int = 0) -> Tensor:
    """Unsorted, with repeated edges; the last node of each set stays without an edge where there are several."""
    draw = torch.Generator().manual_seed(seed)
    rows = [torch.randint(max(1, n - 1), (num_edges,), generator=draw) for n in (num_source, num_target)]
    return torch.stack(rows)


def states(*rows: int, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    return [torch.randn(n, H, dtype=dtype, requires_grad=True) for n in rows]


def assert_same(
    one: Callable[[], Sequence[Tensor]],
    other: Callable[[], Sequence[Tensor]],
    inputs: Sequence[Tensor],
    unit: nn.Module,
) -> None:
    """Equal outputs and, for random output gradients, equal gradients of the inputs and the parameters."""
    first, second = one(), other()
    grads = [torch.randn_like(out) for out in first]
    wanted = [*inputs, *unit.parameters()]
    for a, b in zip(first, second, strict=True):
        torch.testing.assert_close(a, b.reshape(a.shape))
    of_first = torch.autograd.grad(first, wanted, grads, allow_unused=True)
    shaped = [grad.reshape(out.shape) for grad, out in zip(grads, second, strict=True)]
    of_second = torch.autograd.grad(second, wanted, shaped, allow_unused=True)
    for a, b, leaf in zip(of_first, of_second, wanted, strict=True):
        zero = torch.zeros_like(leaf)
        torch.testing.assert_close(zero if a is None else a, zero if b is None else b)
