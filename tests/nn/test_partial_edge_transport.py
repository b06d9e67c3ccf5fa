"""Partial couplings on edges: equal to the dense ones of the same support; lone nodes, gradient, what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Coupling, partial_sinkhorn, partial_sinkhorn_edges
from tests.nn.test_edge_transport import SIZE, dense, graph


@pytest.mark.parametrize("mass", [0.3, 0.9])
@pytest.mark.parametrize("keep", [0.3, 1.0])
@pytest.mark.parametrize("epsilon", [0.5, 0.05])
def test_equals_the_dense_coupling_of_the_same_support(epsilon: float, keep: float, mass: float) -> None:
    cost, edge_index = graph(keep=keep)
    row, column = edge_index
    limits = {"tol": 1e-11, "max_iter": 20_000}
    found = partial_sinkhorn_edges(cost[row, column], edge_index, epsilon, mass, num_nodes=SIZE, **limits)
    whole = partial_sinkhorn(dense(cost, edge_index), epsilon, mass, **limits).require_converged()
    torch.testing.assert_close(found.require_converged().plan, whole.plan[row, column], atol=1e-8, rtol=1e-6)
    torch.testing.assert_close(found.plan.log(), (found.f[row] + found.g[column] - cost[row, column]) / epsilon)
    assert float(found.plan.sum()) == pytest.approx(mass)


def test_masses_of_unequal_totals_and_nodes_without_edges() -> None:
    cost, edge_index = graph(9, 6, keep=0.7)
    a, b = torch.linspace(1, 3, 9, dtype=torch.float64), torch.full((8,), 0.9, dtype=torch.float64)
    row, column = edge_index
    found = partial_sinkhorn_edges(
        cost[row, column], edge_index, 0.1, 2.0, a, b, num_nodes=(9, 8), tol=1e-10, max_iter=9000
    ).require_converged()
    lonely = torch.cat([dense(cost, edge_index), torch.full((9, 2), torch.inf)], 1)
    columns = torch.zeros(8, dtype=torch.float64).scatter_add(0, column, found.plan)
    assert columns[6:].tolist() == [0, 0]
    assert bool((columns <= b + 1e-9).all())
    kept = partial_sinkhorn(lonely[:, :6], 0.1, 2.0, a, b[:6], tol=1e-10, max_iter=9000)
    torch.testing.assert_close(found.plan, kept.plan[row, column], atol=1e-7, rtol=1e-6)


def loss(found: Coupling) -> Tensor:
    return (found.plan * torch.linspace(-1, 1, len(found.plan)).double()).sum() + (found.log_plan * found.plan).sum()


@pytest.mark.parametrize("mass", [0.4, 0.8])
def test_implicit_is_unrolled_and_gradcheck(mass: float) -> None:
    cost, edge_index = graph(5, 5, keep=0.5)
    values = cost[edge_index[0], edge_index[1]].requires_grad_()
    side = torch.full((5,), 1 / 5, dtype=torch.float64, requires_grad=True)

    def solve(grad: str, values: Tensor = values) -> Tensor:
        return loss(
            partial_sinkhorn_edges(
                values, edge_index, 0.3, mass, side, num_nodes=(5, 6), tol=1e-12, max_iter=3000, grad=grad
            )
        )

    gradients = [torch.autograd.grad(solve(grad), (values, side)) for grad in ("implicit", "unroll")]
    for implicit, unrolled in zip(*gradients, strict=True):
        torch.testing.assert_close(implicit, unrolled, atol=1e-5, rtol=1e-5)
    assert gradcheck(lambda c: solve("implicit", c), (values,))
    assert not solve("detach").requires_grad


def test_what_is_refused_and_what_does_not_converge_says_so() -> None:
    cost, edge_index = torch.rand(4), torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]])
    with pytest.raises(GraphError, match=r"infeasible: the edges can carry at most 0\.666667, less than the mass 0\.8"):
        partial_sinkhorn_edges(cost, edge_index, 0.1, 0.8, num_nodes=(3, 3))
    for mass in (-0.1, 1.2):
        with pytest.raises(GraphError, match=rf"mass: expected above 0 and at most min\(Σa, Σb\) = 1, got {mass}"):
            partial_sinkhorn_edges(cost, edge_index, 0.1, mass, num_nodes=(3, 3))
    with pytest.raises(GraphError, match=r"cost: nan at \[1\]"):
        partial_sinkhorn_edges(torch.tensor([0, torch.nan, 0, 0]), edge_index, 0.1, 0.5, num_nodes=(3, 3))
    slow = partial_sinkhorn_edges(
        graph(keep=1.0)[0].flatten(), graph(keep=1.0)[1], 0.01, 0.9, num_nodes=SIZE, max_iter=2
    )
    assert not bool(slow.converged)
    assert int(slow.n_iter) == 2
