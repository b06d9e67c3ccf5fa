"""The implicit gradient against the unrolled one and against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.nn import Coupling, matching_loss, partial_sinkhorn, sinkhorn

Solve = Callable[..., Coupling]


def part_of(mass: float) -> Solve:
    return lambda cost, epsilon, a=None, b=None, **rest: partial_sinkhorn(cost, epsilon, mass, a, b, **rest)


SOLVERS: dict[str, Solve] = {"sinkhorn": sinkhorn, "partial": part_of(0.6)}
READ_OUTS: dict[str, Callable[[Coupling], Tensor]] = {
    "matching": matching_loss,
    "plan": lambda c: (c.plan * torch.linspace(-1, 1, c.plan.numel()).view_as(c.plan).to(c.plan)).sum(),
    "entropy": lambda c: (c.plan * c.log_plan).sum(),
    "potentials": lambda c: c.f[..., 0].sum() + (c.g.square()).sum(),
}


def inputs(n: int = 6, m: int = 6, batch: tuple[int, ...] = ()) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(3)
    cost = torch.rand(*batch, n, m, generator=draw, dtype=torch.float64)
    a, b = (torch.rand(k, generator=draw, dtype=torch.float64) + 0.5 for k in (n, m))
    return cost.requires_grad_(), (a / a.sum()).requires_grad_(), (b / b.sum()).requires_grad_()


def gradients(solve: Solve, read: Callable[[Coupling], Tensor], given: tuple[Tensor, ...], **rest: Any) -> Any:
    cost, *sides = given
    value = read(solve(cost, 0.07, *sides, tol=1e-13, max_iter=5000, **rest))
    return torch.autograd.grad(value, given)


@pytest.mark.parametrize("read", READ_OUTS)
@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("batch", [(), (3,)])
def test_implicit_is_unrolled(name: str, read: str, batch: tuple[int, ...]) -> None:
    given = inputs(batch=batch)
    implicit, unrolled = (gradients(SOLVERS[name], READ_OUTS[read], given, grad=g) for g in ("implicit", "unroll"))
    for one, other, scale in zip(implicit, unrolled, given, strict=True):
        if scale.dim() == 1 and name == "sinkhorn":  # defined up to a constant: the totals must stay equal
            one, other = one - one.mean(), other - other.mean()
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("read", READ_OUTS)
@pytest.mark.parametrize("name", SOLVERS)
def test_gradcheck(name: str, read: str) -> None:
    cost, a, b = inputs(3, 3)

    def value(cost: Tensor, a: Tensor, b: Tensor) -> Tensor:
        if name == "sinkhorn":  # a step of one mass must not unbalance the sides
            a, b = a / a.sum(), b / b.sum()
        return READ_OUTS[read](SOLVERS[name](cost, 0.2, a, b, tol=1e-12, max_iter=3000))

    assert gradcheck(value, (cost, a, b), atol=1e-5)


@pytest.mark.parametrize(("n", "m"), [(4, 9), (9, 4)])
def test_either_side_may_be_the_smaller(n: int, m: int) -> None:
    given = inputs(n, m)
    for name, solve in SOLVERS.items():
        implicit, unrolled = (gradients(solve, READ_OUTS["plan"], given, grad=g) for g in ("implicit", "unroll"))
        torch.testing.assert_close(implicit[0], unrolled[0], atol=1e-6, rtol=1e-5, msg=name)


def test_gradient_of_the_matching_loss_is_plan_minus_identity() -> None:
    cost = inputs()[0]
    found = sinkhorn(cost, 0.07, tol=1e-12)
    (gradient,) = torch.autograd.grad(matching_loss(found), cost)
    expected = (torch.eye(6, dtype=torch.float64) / 6 - found.plan) / 0.07
    torch.testing.assert_close(gradient, expected.detach(), atol=1e-9, rtol=1e-7)


@pytest.mark.parametrize("epsilon", [0.5, 0.05, 0.005])
@pytest.mark.parametrize("name", SOLVERS)
def test_single_precision_gradient_is_that_of_double(name: str, epsilon: float) -> None:
    draw = torch.Generator().manual_seed(0)
    cost = torch.rand(40, 40, generator=draw)
    found = []
    for dtype in (torch.float32, torch.float64):
        given = cost.to(dtype).requires_grad_()
        coupling = SOLVERS[name](given, epsilon, max_iter=20_000).require_converged()
        (gradient,) = torch.autograd.grad(epsilon * matching_loss(coupling), given)
        assert bool(gradient.isfinite().all())
        found.append(gradient.double())
    torch.testing.assert_close(*found, atol=2e-5, rtol=1e-3)


def test_detach_has_no_gradient() -> None:
    cost = inputs()[0]
    assert not sinkhorn(cost, 0.1, grad="detach").plan.requires_grad
    assert not partial_sinkhorn(cost, 0.1, 0.5, grad="detach").plan.requires_grad


def test_forbidden_pairs_have_no_gradient() -> None:
    cost = inputs()[0].detach()
    cost[0, 1:3] = torch.inf
    cost.requires_grad_()
    for grad in ("implicit", "unroll"):
        (gradient,) = torch.autograd.grad(matching_loss(sinkhorn(cost, 0.1, grad=grad)), cost)
        assert bool(gradient.isfinite().all())
        assert gradient[0, 1:3].tolist() == [0, 0]
