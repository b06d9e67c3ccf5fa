from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Incidence, InterUnit
from tests.nn import oracle
from tests.nn.graphs import H, assert_same, random_edges, states

each_aggr = pytest.mark.parametrize("aggr", ["mean", "sum"])


@each_aggr
@settings(deadline=None, max_examples=15)
@given(n=st.integers(1, 4), m=st.integers(1, 4), num_edges=st.integers(0, 8), seed=st.integers(0, 99))
def test_equals_the_loop(aggr: str, n: int, m: int, num_edges: int, seed: int) -> None:
    """Equal numbers at both ends are no self-loop here, also where the two sets have one size."""
    unit, inputs, edges = InterUnit(H, aggr=aggr).double(), states(n, m, num_edges), random_edges(n, m, num_edges, seed)
    x, y, edge_attr = inputs
    assert_same(lambda: unit(x, y, edges, edge_attr), lambda: oracle.inter(unit, x, y, edges, edge_attr), inputs, unit)


@each_aggr
def test_hooked_steps_equal_the_fused_ones(aggr: str) -> None:
    unit, inputs, edges = InterUnit(H, aggr=aggr).double(), states(4, 3, 9), random_edges(4, 3, 9)
    x, y, edge_attr = inputs
    seen = []

    def hooked() -> tuple[Tensor, Tensor, Tensor]:
        handle = unit.register_edge_update_forward_hook(lambda module, inputs, output: seen.append(output))
        out: tuple[Tensor, Tensor, Tensor] = unit(x, y, edges, edge_attr)
        handle.remove()
        return out

    assert_same(lambda: unit(x, y, edges, edge_attr), hooked, inputs, unit)
    assert len(seen) == 1


@each_aggr
def test_dense_equals_the_edge_list_of_the_complete_graph(aggr: str) -> None:
    unit, inputs = InterUnit(H, aggr=aggr).double(), states(4, 3, 12)
    x, y, edge_attr = inputs
    edges = torch.cartesian_prod(torch.arange(4), torch.arange(3)).T
    assert_same(
        lambda: unit(x, y, edges, edge_attr),
        lambda: unit.forward_dense(x, y, edge_attr.view(4, 3, H)),
        inputs,
        unit,
    )


@each_aggr
def test_gradcheck(aggr: str) -> None:
    unit, edges = InterUnit(H, aggr=aggr).double(), torch.tensor([[0, 2, 1, 1], [1, 0, 1, 1]])
    assert gradcheck(lambda x, y, edge_attr: unit(x, y, edges, edge_attr), states(4, 3, 4))


def test_kernel_receives_a_gradient() -> None:
    unit, (x, y, edge_attr) = InterUnit(H).double(), states(4, 3, 9)
    unit(x, y, random_edges(4, 3, 9), edge_attr)[2].square().sum().backward()
    assert unit.kernel.weight.grad is not None
    assert unit.kernel.weight.grad.any()


@settings(deadline=None, max_examples=10)
@given(order=st.permutations(range(9)))
def test_order_of_the_edges_does_not_matter(order: list[int]) -> None:
    unit, (x, y, edge_attr), edges = InterUnit(H).double(), states(5, 4, 9), random_edges(5, 4, 9)
    *nodes, new = unit(x, y, edges, edge_attr)
    *permuted_nodes, permuted = unit(x, y, edges[:, order], edge_attr[order])
    torch.testing.assert_close(permuted_nodes, nodes)
    torch.testing.assert_close(permuted, new[order])


def test_str_and_shapes() -> None:
    unit = InterUnit(16, aggr="sum")
    assert str(unit) == "InterUnit(16, aggr=sum)"
    assert unit.kernel.weight.shape == (32, 32)
    assert unit.kernel.bias is None


def test_bad_input() -> None:
    unit, edges = InterUnit(H), torch.tensor([[0, 1], [1, 2]])
    with pytest.raises(GraphError, match=r"InterUnit: x_source: expected \[\*, 3\], got \[2, 4\]"):
        unit(torch.zeros(2, 4), torch.zeros(3, H), edges, torch.zeros(2, H))
    with pytest.raises(GraphError, match=r"InterUnit: x_target: expected \[\*, 3\], got \[3, 4\]"):
        unit(torch.zeros(2, H), torch.zeros(3, 4), edges, torch.zeros(2, H))
    with pytest.raises(GraphError, match=r"row 1 \(target\): expected node numbers 0 … 1 \(2 nodes\), got 2"):
        unit(torch.zeros(2, H), torch.zeros(2, H), edges, torch.zeros(2, H))
    with pytest.raises(GraphError, match=r"edge_attr: expected \[2, 3\], got \[3, 3\]"):
        unit(torch.zeros(2, H), torch.zeros(3, H), edges, torch.zeros(3, H))
    with pytest.raises(GraphError, match=r"edge_attr: expected \[2, 3, 3\], got \[3, 2, 3\]"):
        unit.forward_dense(torch.zeros(2, H), torch.zeros(3, H), torch.zeros(3, 2, H))
    with pytest.raises(ValueError, match="aggr: expected 'mean' or 'sum', got 'min'"):
        InterUnit(H, aggr="min")


@pytest.mark.gpu
def test_cuda_equals_cpu() -> None:
    unit, inputs, edges = InterUnit(H).double(), states(40, 30, 400), random_edges(40, 30, 400)
    expected = unit(*inputs[:2], edges, inputs[2])
    x, y, edge_attr = (tensor.detach().cuda() for tensor in inputs)
    plan = Incidence.from_edge_index(edges, 40, 30).to("cuda")
    for a, b in zip(expected, unit.cuda()(x, y, edges.cuda(), edge_attr, plan=plan), strict=True):
        torch.testing.assert_close(a, b.cpu())
