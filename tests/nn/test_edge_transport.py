"""Couplings on edges: equal to the dense ones of the same support; order of edges, gradient, infeasible graphs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Coupling, matching_loss, partial_sinkhorn_edges, sinkhorn, sinkhorn_edges
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import segment_logsumexp

SIZE = (9, 9)


def graph(n: int = 9, m: int = 9, keep: float = 0.5) -> tuple[Tensor, Tensor]:
    """Costs [n, m], and edges: the identity and some others."""
    draw = torch.Generator().manual_seed(4)
    cost = torch.rand(n, m, generator=draw, dtype=torch.float64)
    allowed = torch.eye(n, m, dtype=torch.bool) | (torch.rand(n, m, generator=draw) < keep)
    return cost, allowed.nonzero().T


def dense(cost: Tensor, edge_index: Tensor) -> Tensor:
    table = torch.full_like(cost, torch.inf)
    table[edge_index[0], edge_index[1]] = cost[edge_index[0], edge_index[1]]
    return table


@pytest.mark.parametrize("keep", [0.3, 1.0])
@pytest.mark.parametrize("epsilon", [0.5, 0.05])
def test_equals_the_dense_coupling_of_the_same_support(epsilon: float, keep: float) -> None:
    cost, edge_index = graph(keep=keep)
    row, column = edge_index
    found = sinkhorn_edges(cost[row, column], edge_index, epsilon, num_nodes=SIZE, tol=1e-10)
    whole = sinkhorn(dense(cost, edge_index), epsilon, tol=1e-10).require_converged()
    torch.testing.assert_close(found.require_converged().plan, whole.plan[row, column], atol=1e-8, rtol=1e-6)
    torch.testing.assert_close(found.plan.log(), (found.f[row] + found.g[column] - cost[row, column]) / epsilon)
    assert float(found.g.mean()) == pytest.approx(0, abs=1e-12)


def test_unequal_sides_and_masses() -> None:
    cost, edge_index = graph(9, 6, keep=1.0)
    a = torch.linspace(1, 3, 9, dtype=torch.float64)
    b = torch.full((6,), float(a.sum()) / 6, dtype=torch.float64)
    found = sinkhorn_edges(cost.flatten(), edge_index, 0.1, a, b, num_nodes=(9, 6), tol=1e-9)
    torch.testing.assert_close(found.plan.view(9, 6), sinkhorn(cost, 0.1, a, b, tol=1e-9).plan, atol=1e-7, rtol=1e-6)


def test_order_of_edges_does_not_matter() -> None:
    cost, edge_index = graph()
    values, order = cost[edge_index[0], edge_index[1]], torch.randperm(edge_index.shape[1])
    one = sinkhorn_edges(values, edge_index, 0.2, num_nodes=SIZE)
    other = sinkhorn_edges(values[order], edge_index[:, order], 0.2, num_nodes=SIZE)
    torch.testing.assert_close(other.plan, one.plan[order])


def loss(found: Coupling) -> Tensor:
    return (found.plan * torch.linspace(-1, 1, len(found.plan)).double()).sum() + (found.log_plan * found.plan).sum()


def test_implicit_is_unrolled_and_gradcheck() -> None:
    cost, edge_index = graph(keep=1.0)
    values = cost[edge_index[0], edge_index[1]].requires_grad_()
    side = torch.full((9,), 1 / 9, dtype=torch.float64, requires_grad=True)
    gradients = [
        torch.autograd.grad(
            loss(sinkhorn_edges(values, edge_index, 0.1, side, num_nodes=SIZE, tol=1e-12, max_iter=3000, grad=grad)),
            (values, side),
        )
        for grad in ("implicit", "unroll")
    ]
    torch.testing.assert_close(gradients[0][0], gradients[1][0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(*(pair[1] - pair[1].mean() for pair in gradients), atol=1e-5, rtol=1e-5)
    assert gradcheck(lambda c: loss(sinkhorn_edges(c, edge_index, 0.3, num_nodes=SIZE, tol=1e-13)), (values,))


def test_gradient_of_the_matching_loss_equals_the_dense_one() -> None:
    cost, edge_index = graph()
    cost.requires_grad_()
    row, column = edge_index
    found = sinkhorn_edges(cost[row, column], edge_index, 0.1, num_nodes=SIZE, tol=1e-10, max_iter=9000)
    own = -found.log_plan[row == column].mean()
    whole = matching_loss(sinkhorn(dense(cost, edge_index), 0.1, tol=1e-10, max_iter=9000))
    torch.testing.assert_close(*(torch.autograd.grad(value, cost)[0] for value in (own, whole)), atol=1e-8, rtol=1e-6)


def test_a_graph_of_two_components() -> None:
    edge_index = torch.tensor([[0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 2, 3, 2, 3]])
    cost = torch.rand(8, dtype=torch.float64, requires_grad=True)
    gradients = [
        torch.autograd.grad(loss(sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(4, 4), tol=1e-12, grad=grad)), cost)
        for grad in ("implicit", "unroll")
    ]
    torch.testing.assert_close(*(pair[0] for pair in gradients), atol=1e-6, rtol=1e-5)


def test_segment_logsumexp_equals_a_loop() -> None:
    x, index = torch.randn(20, dtype=torch.float64, requires_grad=True), torch.randint(0, 5, (20,))
    side = Side.from_index(index, 6)
    found = segment_logsumexp(x, side)
    for v in range(6):
        mine = x[index == v]
        torch.testing.assert_close(found[v], mine.logsumexp(0) if len(mine) else torch.tensor(-torch.inf).double())
    assert gradcheck(lambda x: segment_logsumexp(x, Side.from_index(index, int(index.max()) + 1))[index], (x,))


def test_infeasible_graphs_are_named_before_anything_is_iterated(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("avgraph.nn.transport._edge_coupling._couple", lambda *_, **__: pytest.fail("iterated"))
        cost, edge_index = torch.rand(4), torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]])
        with pytest.raises(GraphError, match="infeasible"):
            sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(3, 3))
        with pytest.raises(GraphError, match="infeasible"):
            partial_sinkhorn_edges(cost, edge_index, 0.1, 0.8, num_nodes=(3, 3))


def test_infeasible_graphs_are_named() -> None:
    cost, edge_index = torch.rand(4), torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]])
    with pytest.raises(GraphError, match=r"infeasible: the edges can carry at most 0\.666667 of the mass 1"):
        sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(3, 3))
    with pytest.raises(GraphError, match="infeasible: target node 3 has no edge"):
        sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(3, 4))
    near = torch.tensor([1.0 - 1e-4, 1.0, 1.0 + 1e-4]) / 3, torch.ones(3) / 3
    identity = torch.arange(3).expand(2, 3)
    assert bool(sinkhorn_edges(cost[:3], identity, 0.1, *near, num_nodes=(3, 3), tol=1e-3).converged)
    with pytest.raises(GraphError, match=r"infeasible: the edges can carry at most 0\.999967 of the mass 1"):
        sinkhorn_edges(cost[:3], identity, 0.1, *near, num_nodes=(3, 3))
    slow = sinkhorn_edges(torch.rand(3), torch.tensor([[0, 0, 1], [0, 1, 1]]), 0.1, num_nodes=(2, 2), max_iter=5)
    assert not bool(slow.converged)  # feasible: no error, but it says that it is not there yet


def test_bad_input_is_named() -> None:
    cost, edge_index = torch.rand(4), torch.tensor([[0, 1, 0, 1], [0, 0, 1, 1]])
    with pytest.raises(GraphError, match=r"cost, edge_index: expected \[e\] and \[2, e\], got \[3\] and \[2, 4\]"):
        sinkhorn_edges(cost[:3], edge_index, 0.1, num_nodes=(2, 2))
    with pytest.raises(GraphError, match=r"edge_index: the pair \(1, 0\) is there more than once"):
        sinkhorn_edges(cost, torch.tensor([[0, 1, 0, 1], [0, 0, 1, 0]]), 0.1, num_nodes=(2, 2))
    with pytest.raises(GraphError, match=r"edge_index row 1 \(target\): expected node numbers 0 … 0"):
        sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(2, 1))
    with pytest.raises(GraphError, match="cost: expected finite numbers on edges; leave forbidden pairs out"):
        sinkhorn_edges(torch.tensor([0, 1, torch.inf, 0]), edge_index, 0.1, num_nodes=(2, 2))
    with pytest.raises(GraphError, match=r"cost: nan at \[1\]"):
        sinkhorn_edges(torch.tensor([0, torch.nan, 0, 0]), edge_index, 0.1, num_nodes=(2, 2))
    with pytest.raises(GraphError, match=r"a: expected masses above 0, got -1\.0 at \[1\]"):
        sinkhorn_edges(cost, edge_index, 0.1, torch.tensor([2.0, -1.0]), num_nodes=(2, 2))
