"""Average precision of chance: against a simulation, and at its ends."""

from __future__ import annotations

import pytest
import torch

from avgraph.metrics import chance_average_precision, mean_average_precision


def test_it_is_what_random_rankings_have_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    query, gallery = torch.tensor([0, 0, 1, 2, 5]), torch.tensor([0, 1, 1, 2, 2, 2, 0, 0, 3])
    found = []
    for _ in range(3000):
        x, y = (torch.randn(len(part), 4, generator=generator) for part in (query, gallery))
        found.append(mean_average_precision(x, y, query, gallery))
    assert chance_average_precision(query, gallery) == pytest.approx(sum(found) / len(found), abs=0.01)


def test_where_everything_or_nothing_is_relevant() -> None:
    zeros = torch.zeros(3, dtype=torch.int64)
    assert chance_average_precision(zeros, zeros) == pytest.approx(1)
    assert chance_average_precision(zeros[:1], zeros[:1]) == pytest.approx(1)
    assert chance_average_precision(zeros, zeros + 1) is None
    assert chance_average_precision(zeros[:0], zeros[:0]) is None
