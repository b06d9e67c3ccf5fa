from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avgraph.errors import GraphError
from avgraph.nn import Incidence
from avgraph.nn.edges.incidence import Side


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 4), max_size=20))
def test_side_groups_every_edge_once_and_keeps_the_order_of_the_list(index: list[int]) -> None:
    side = Side.from_index(torch.tensor(index, dtype=torch.int64), num_nodes=5)
    for node in range(5):
        edges = side.order[side.pointer[node] : side.pointer[node + 1]].tolist()
        assert edges == [k for k, v in enumerate(index) if v == node]
        assert side.degree[node] == len(edges)
    assert side.num_nodes == 5


def test_sorted_index_is_not_permuted() -> None:
    assert Side.from_index(torch.tensor([0, 0, 2]), 3).order.tolist() == [0, 1, 2]


def test_self_loop_counts_once_in_the_degree() -> None:
    plan = Incidence.from_edge_index(torch.tensor([[0, 1, 1], [0, 0, 1]]), 3, 3)
    assert plan.loop.tolist() == [0, 2]
    assert plan.degree is not None
    assert plan.degree.tolist() == [2, 2, 0]


def test_node_sets_of_two_sizes_have_no_common_degree() -> None:
    assert Incidence.from_edge_index(torch.tensor([[0], [3]]), 2, 4).degree is None


def test_to_moves_every_tensor() -> None:
    plan = Incidence.from_edge_index(torch.tensor([[1, 0], [0, 0]]), 2, 2).to("meta")
    assert plan.degree is not None
    sides = [*vars(plan.source).values(), *vars(plan.target).values()]
    tensors = [plan.loop, plan.degree, *(part for part in sides if isinstance(part, torch.Tensor))]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_view_is_frozen() -> None:
    plan = Incidence.from_edge_index(torch.tensor([[0], [0]]), 1, 1)
    with pytest.raises(AttributeError, match="cannot assign"):
        plan.loop = torch.zeros(0)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("edge_index", "message"),
    [
        (torch.zeros(2, 3), r"edge_index: expected int64 \[2, e\], got float32 \[2, 3\]"),
        (torch.zeros(3, 2, dtype=torch.int64), r"edge_index: expected int64 \[2, e\], got int64 \[3, 2\]"),
        (torch.tensor([[0, 2], [0, 0]]), r"row 0 \(source\): expected node numbers 0 … 1 \(2 nodes\), got 2"),
        (torch.tensor([[0, 1], [0, 5]]), r"row 1 \(target\): expected node numbers 0 … 2 \(3 nodes\), got 5"),
        (torch.tensor([[0, -1], [0, 0]]), r"row 0 \(source\): .* got -1"),
    ],
)
def test_bad_edge_index(edge_index: torch.Tensor, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        Incidence.from_edge_index(edge_index, 2, 3)


def test_bad_table_and_index() -> None:
    with pytest.raises(GraphError, match=r"neighbour: expected int64 \[n, k\], got int64 \[2\]"):
        Incidence.from_table(torch.tensor([0, 1]))
    with pytest.raises(GraphError, match=r"node index: expected int64 \[e\], got int32 \[1\]"):
        Side.from_index(torch.zeros(1, dtype=torch.int32), 1)
