from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import gather_rows, segment_sum

UNSORTED = torch.tensor([3, 0, 3, 1, 3])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5), max_size=15), st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
def test_sum_equals_a_loop(index: list[int], dtype: torch.dtype) -> None:
    x = torch.randn(len(index), 2).to(dtype)
    side = Side.from_index(torch.tensor(index, dtype=torch.int64), 7)
    total = segment_sum(x, side)
    assert total.dtype == dtype
    for node in range(7):
        rows = [x[k].double() for k, v in enumerate(index) if v == node]
        expected = sum(rows, torch.zeros(2, dtype=torch.float64))
        tolerance = {"rtol": 1e-2, "atol": 3e-2} if dtype == torch.bfloat16 else {"rtol": 1e-5, "atol": 1e-5}
        torch.testing.assert_close(total[node].double(), expected, **tolerance)


def test_reduction_gradients() -> None:
    side, x = Side.from_index(UNSORTED, 5), torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: segment_sum(x, side), x)
    assert gradgradcheck(lambda x: segment_sum(x, side), x)


def test_gather_is_indexing_with_checked_gradients() -> None:
    side, x = Side.from_index(UNSORTED, 4), torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.equal(gather_rows(x, side), x[UNSORTED])
    assert gradcheck(lambda x: gather_rows(x, side), x)
    assert gradgradcheck(lambda x: gather_rows(x, side), x)


def test_long_bfloat16_sum_does_not_stall() -> None:
    side = Side.from_index(torch.zeros(1000, dtype=torch.int64), 1)
    assert segment_sum(torch.ones(1000, 1, dtype=torch.bfloat16), side).item() == 1000


def test_rows_must_match_the_edges() -> None:
    side = Side.from_index(UNSORTED, 4)
    with pytest.raises(GraphError, match=r"segment_sum: expected 5 rows \(one per edge\), got \[4, 2\]"):
        segment_sum(torch.zeros(4, 2), side)
    with pytest.raises(GraphError, match=r"gather_rows: expected 4 rows \(one per node\), got \[5, 2\]"):
        gather_rows(torch.zeros(5, 2), side)
