"""Similarity over what two spaces hold both, against a loop over every item."""

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import path_similarity


def rows(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sides() -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    return rows(3, 4), rows(2, 5, seed=1), (rows(7, 4, seed=2), rows(7, 5, seed=3))


def choice(row: Tensor, items: Tensor, temperature: float) -> list[float]:
    weights = [math.exp(float(row @ item / (row.norm() * item.norm())) / temperature) for item in items]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize("chunk_size", [1, 3, 7, 100])
@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_equals_a_loop(chunk_size: int, temperature: float) -> None:
    source, target, through = sides()
    found = path_similarity(source, target, through, temperature, chunk_size=chunk_size)
    for i, row in enumerate(source):
        for j, other in enumerate(target):
            pair = zip(choice(row, through[0], temperature), choice(other, through[1], temperature), strict=True)
            assert float(found[i, j]) == pytest.approx(sum(one * two for one, two in pair), abs=1e-12)


def test_order_of_the_items_changes_nothing_and_lengths_neither() -> None:
    source, target, (u, v) = sides()
    order = torch.randperm(7, generator=torch.Generator().manual_seed(0))
    found = path_similarity(3 * source, target, (u[order], 0.1 * v[order]), 0.1, chunk_size=2)
    torch.testing.assert_close(found, path_similarity(source, target, (u, v), 0.1))


def test_gradcheck() -> None:
    source, target, through = sides()
    given = tuple(x.requires_grad_() for x in (source, target, *through))
    assert gradcheck(lambda s, t, u, v: path_similarity(s, t, (u, v), 0.5, chunk_size=3), given)


def test_cold_choices_stay_finite() -> None:
    source, target, through = sides()
    found = path_similarity(source.float(), target.float(), tuple(x.float() for x in through), 1e-4)  # type: ignore[arg-type]
    best = [[int((x / x.norm() @ (u / u.norm(dim=1, keepdim=True)).T).argmax()) for x in part]
            for part, u in ((source, through[0]), (target, through[1]))]  # fmt: skip
    expected = torch.tensor([[float(one == other) for other in best[1]] for one in best[0]])
    torch.testing.assert_close(found, expected)


def test_mistakes_are_named() -> None:
    source, target, (u, v) = sides()
    cases = [
        ((source[0], target, (u, v), 0.1), r"source: expected floating-point rows \[n, d\], got torch.float64 \[4\]"),
        ((source, target.long(), (u, v), 0.1), "target: expected floating-point rows"),
        ((source, target, (v, u), 0.1), r"source: expected the width of its space of items, got \[3, 4\] and \[7, 5\]"),
        (
            (source, target, (u, v[1:]), 0.1),
            "through: expected the same items, at least 1, in both spaces, got 7 and 6",
        ),
        ((source, target, (u[:0], v[:0]), 0.1), "at least 1, in both spaces, got 0 and 0"),
        ((source, target, (u, v), 0.0), "temperature: expected a number above 0, got 0.0"),
        ((source * float("nan"), target, (u, v), 0.1), "source: .*not finite"),
    ]
    for given, message in cases:
        with pytest.raises(GraphError, match=message):
            path_similarity(*given)  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="chunk_size: expected at least 1 row, got 0"):
        path_similarity(source, target, (u, v), 0.1, chunk_size=0)
