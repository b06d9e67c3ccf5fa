"""`Coupling.cost` against POT, in batches and on edges; its gradient by every way, also in float32 on edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from avgraph.nn import Coupling, partial_sinkhorn, partial_sinkhorn_edges, sinkhorn, sinkhorn_edges
from avgraph.nn.transport.coupling import Grad
from tests.nn.test_edge_transport import SIZE, dense, graph
from tests.nn.test_transport import problem


def solve(cost: Tensor, mass: float | None, **settings: Any) -> Coupling:
    if mass is None:
        return sinkhorn(cost, 0.1, tol=1e-11, max_iter=9000, **settings)
    return partial_sinkhorn(cost, 0.1, mass, tol=1e-11, max_iter=9000, **settings)


def test_equals_pot() -> None:
    cost, a, b = problem(20, 12)
    found = sinkhorn(cost, 0.05, a, b, tol=1e-11, max_iter=9000).require_converged()
    expected = ot.sinkhorn2(a.numpy(), b.numpy(), cost.numpy(), 0.05, method="sinkhorn_log", stopThr=1e-12,
                            numItermax=20_000)  # fmt: skip
    assert float(found.cost) == pytest.approx(float(expected), abs=1e-9)
    exact = ot.emd2(a.numpy(), b.numpy(), cost.numpy())
    assert exact <= float(found.cost) == pytest.approx(float(exact), abs=0.05)
    part = partial_sinkhorn(cost, 0.05, 0.6, a, b, tol=1e-11, max_iter=9000).require_converged()
    plan = ot.partial.entropic_partial_wasserstein(
        a.numpy(), b.numpy(), cost.numpy(), 0.05, m=0.6, stopThr=1e-13, numItermax=50_000
    )
    assert float(part.cost) == pytest.approx(float(np.sum(plan * cost.numpy())), abs=1e-8)


@pytest.mark.parametrize("mass", [None, 0.7])
def test_a_batch_is_a_loop_and_edges_are_the_dense_problem(mass: float | None) -> None:
    cost, edge_index = graph(keep=0.5)
    batch = torch.stack([cost, cost.T, cost + 1]).unsqueeze(0)
    found = solve(batch, mass).cost
    assert found.shape == (1, 3)
    torch.testing.assert_close(found[0], torch.stack([solve(one, mass).cost for one in batch[0]]))
    values, limits = cost[edge_index[0], edge_index[1]], {"num_nodes": SIZE, "tol": 1e-11, "max_iter": 9000}
    if mass is None:
        on_edges = sinkhorn_edges(values, edge_index, 0.1, **limits)
    else:
        on_edges = partial_sinkhorn_edges(values, edge_index, 0.1, mass, **limits)
    whole = solve(dense(cost, edge_index), mass)  # infinite where there is no edge
    assert on_edges.cost.shape == whole.cost.shape == ()
    torch.testing.assert_close(on_edges.cost, whole.cost, atol=1e-8, rtol=1e-7)


@pytest.mark.parametrize("mass", [None, 0.7])
def test_gradient_is_exact_or_with_detach_that_of_the_entropic_value(mass: float | None) -> None:
    cost = graph(5, 5)[0].requires_grad_()
    ways: tuple[Grad, ...] = ("implicit", "unroll")
    implicit, unrolled = (torch.autograd.grad(solve(cost, mass, grad=way).cost, cost)[0] for way in ways)
    torch.testing.assert_close(implicit, unrolled, atol=1e-7, rtol=1e-6)
    assert gradcheck(lambda cost: solve(cost, mass).cost, (cost,))
    fixed = solve(cost, mass, grad="detach")
    assert not fixed.plan.requires_grad
    envelope = torch.autograd.grad(fixed.cost, cost)[0]
    torch.testing.assert_close(envelope, fixed.plan)
    assert not torch.allclose(envelope, implicit, atol=1e-3)
    exact = solve(cost, mass)
    value = exact.cost + 0.1 * (exact.plan * exact.log_plan).sum()
    torch.testing.assert_close(torch.autograd.grad(value, cost)[0], envelope, atol=1e-7, rtol=1e-6)


def test_forbidden_pairs_have_no_part_in_the_gradient() -> None:
    cost, edge_index = graph()
    table = dense(cost, edge_index).requires_grad_()
    gradient = torch.autograd.grad(solve(table, None).cost, table)[0]
    assert bool(gradient.isfinite().all())
    assert not bool(gradient[table.isinf()].any())


class Sums(TorchDispatchMode):
    """Counts the sums over edges."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += "embedding_bag" in str(func)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("mass", [None, 0.7])
def test_gradient_in_single_precision_ends_and_is_that_of_double(mass: float | None) -> None:
    """Its sums over rows and columns must agree beyond float32, or the equations of the adjoint have no solution."""
    draw = torch.Generator().manual_seed(0)
    edge_index = (torch.eye(60, dtype=torch.bool) | (torch.rand(60, 60, generator=draw) < 0.2)).nonzero().T
    values, found = torch.rand(edge_index.shape[1], generator=draw, dtype=torch.float64), []
    for dtype in (torch.float32, torch.float64):
        cost = values.to(dtype).requires_grad_()
        if mass is None:
            coupling = sinkhorn_edges(cost, edge_index, 0.1, num_nodes=(60, 60))
        else:
            coupling = partial_sinkhorn_edges(cost, edge_index, 0.1, mass, num_nodes=(60, 60))
        with Sums() as sums:
            coupling.cost.backward()
        assert sums.count < 400
        assert cost.grad is not None
        found.append(cost.grad.double())
    torch.testing.assert_close(found[0], found[1], atol=1e-6, rtol=1e-3)
