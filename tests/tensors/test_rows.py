"""Standardised rows: against numpy, constant columns, masks and numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avgraph.tensors.rows import standardized


@pytest.mark.parametrize("correction", [0, 1])
@pytest.mark.parametrize("added", [None, 1e-2])
def test_equals_numpy_and_reads_only_the_rows_named(added: float | None, correction: int) -> None:
    x = torch.randn(40, 3, dtype=torch.float64) * torch.tensor([1.0, 10.0, 0.1]) + 5
    mask = torch.arange(40) < 25
    seen = x[:25].numpy()
    expected = (x.numpy() - seen.mean(0)) / (seen.std(0, ddof=correction) + (added or 0))
    found = standardized(x, mask, added=added, correction=correction)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    assert torch.equal(found, standardized(x, torch.arange(25), added=added, correction=correction))
    assert not torch.allclose(found, standardized(x, added=added, correction=correction))


def test_a_constant_column_keeps_its_scale_or_is_held_small() -> None:
    x = torch.tensor([[2.0], [2.0], [2.5]])
    assert standardized(x, torch.tensor([0, 1])).flatten().tolist() == [0, 0, 0.5]
    assert standardized(x, torch.tensor([0, 1]), added=0.25).flatten().tolist() == [0, 0, 2]


def test_of_a_single_row_nothing_is_known() -> None:
    for correction in (0, 1):
        assert standardized(torch.tensor([[3.0, -1.0]]), added=1e-6, correction=correction).tolist() == [[0, 0]]
        assert standardized(torch.empty(0, 2), added=1e-6, correction=correction).shape == (0, 2)
