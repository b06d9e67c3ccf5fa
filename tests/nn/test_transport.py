"""Couplings against POT and against themselves: plans, marginals, small ε, batches, what is refused."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import ot
import pytest
import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn import Coupling, matching_loss, partial_sinkhorn, sinkhorn
from avgraph.nn.transport._inputs import check_solver


def problem(n: int, m: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    cost = torch.rand(n, m, generator=draw, dtype=torch.float64)
    a, b = (torch.rand(k, generator=draw, dtype=torch.float64) + 0.1 for k in (n, m))
    return cost, a / a.sum(), b / b.sum()


def matched(n: int, noise: float = 0.3) -> Tensor:
    """Costs in [0, 1] of noisy pairs, the shape of a batch half learned."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, 16, generator=draw)
    cost = torch.cdist(x, x + noise * torch.randn(n, 16, generator=draw))
    return cost / cost.max()


def violation(coupling: Coupling, a: Tensor, b: Tensor) -> float:
    rows, columns = coupling.plan.sum(-1), coupling.plan.sum(-2)
    return float(torch.maximum((rows - a).abs().sum(-1), (columns - b).abs().sum(-1)).max())


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.02])
@pytest.mark.parametrize(("n", "m"), [(7, 7), (30, 12), (5, 40), (1, 3)])
def test_equals_pot(n: int, m: int, epsilon: float) -> None:
    cost, a, b = problem(n, m)
    found = sinkhorn(cost, epsilon, a, b, tol=1e-11, max_iter=20_000).require_converged()
    expected = ot.sinkhorn(a.numpy(), b.numpy(), cost.numpy(), epsilon, method="sinkhorn_log", stopThr=1e-12,
                           numItermax=20_000)  # fmt: skip
    np.testing.assert_allclose(found.plan.numpy(), expected, atol=1e-9, rtol=1e-7)
    torch.testing.assert_close(found.plan, ((found.f[:, None] + found.g[None, :] - cost) / epsilon).exp())
    assert abs(float(found.g.mean())) < 1e-12


@pytest.mark.parametrize("seed", [1, 3, 4])  # of others the best plan is nearly tied: ε would have to be smaller yet
def test_equals_exact_transport_at_tiny_epsilon(seed: int) -> None:
    cost, a, b = problem(9, 9, seed)
    found = sinkhorn(cost, 1e-3, a, b, tol=1e-9).require_converged()
    np.testing.assert_allclose(found.plan.numpy(), ot.emd(a.numpy(), b.numpy(), cost.numpy()), atol=1e-7)


@pytest.mark.parametrize("mass", [0.1, 0.6, 0.95])
@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.03])
@pytest.mark.parametrize(("n", "m"), [(8, 8), (20, 9), (6, 25)])
def test_partial_equals_pot(n: int, m: int, epsilon: float, mass: float) -> None:
    cost, a, b = problem(n, m, seed=1)
    found = partial_sinkhorn(cost, epsilon, mass, a, b, tol=1e-12, max_iter=50_000).require_converged()
    expected = ot.partial.entropic_partial_wasserstein(
        a.numpy(), b.numpy(), cost.numpy(), epsilon, m=mass, stopThr=1e-14, numItermax=50_000
    )
    np.testing.assert_allclose(found.plan.numpy(), expected, atol=1e-7)
    assert float(found.plan.sum()) == pytest.approx(mass)
    assert bool((found.plan.sum(1) <= a + 1e-10).all())
    assert bool((found.plan.sum(0) <= b + 1e-10).all())


def test_partial_takes_sides_of_unequal_mass_and_all_of_the_smaller() -> None:
    cost, a, b = problem(8, 12)
    found = partial_sinkhorn(cost, 0.05, 0.5, a / 2, b, tol=1e-10, max_iter=50_000).require_converged()
    torch.testing.assert_close(found.plan.sum(1), a / 2, atol=1e-8, rtol=0)
    expected = ot.partial.entropic_partial_wasserstein(
        (a / 2).numpy(), b.numpy(), cost.numpy(), 0.05, m=0.5, stopThr=1e-13, numItermax=50_000
    )
    np.testing.assert_allclose(found.plan.numpy(), expected, atol=1e-6)


def test_partial_of_all_mass_is_sinkhorn() -> None:
    cost, a, b = problem(8, 12)
    torch.testing.assert_close(partial_sinkhorn(cost, 0.05, 1.0, a, b).plan, sinkhorn(cost, 0.05, a, b).plan)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("epsilon", [0.5, 0.05, 0.02, 0.01, 0.005])
@pytest.mark.parametrize("kind", ["random", "matched", "far"])
def test_small_epsilon_is_finite_and_meets_the_marginals(kind: str, epsilon: float, dtype: torch.dtype) -> None:
    cost = {
        "random": torch.rand(64, 64, generator=torch.Generator().manual_seed(0)),
        "matched": matched(64),
        "far": 1 - torch.eye(64),  # each pair apart from all the others
    }[kind].to(dtype)
    uniform = torch.full((64,), 1 / 64, dtype=dtype)
    whole = sinkhorn(cost, epsilon).require_converged()
    assert violation(whole, uniform, uniform) < 3e-6
    partial = partial_sinkhorn(cost, epsilon, 0.7).require_converged()
    assert float(partial.plan.sum()) == pytest.approx(0.7, abs=1e-5)
    for found in (whole, partial):
        assert found.plan.dtype == dtype
        assert all(bool(part.isfinite().all()) for part in (found.plan, found.log_plan, found.f, found.g))
        assert float(matching_loss(found)) >= -1e-5


def test_partial_is_finite_where_pot_is_not() -> None:
    # Masses 1/64 in float64: the usual kernel form gives NaN at such an ε.
    cost, uniform = problem(64, 64)[0], np.full(64, 1 / 64)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        pot = ot.partial.entropic_partial_wasserstein(uniform, uniform, 1 + cost.numpy(), 0.001, m=0.5)
    assert not np.isfinite(pot).all()
    assert bool(partial_sinkhorn(1 + cost, 0.001, 0.5, max_iter=2000).require_converged().plan.isfinite().all())


def test_first_half_step_is_the_row_softmax_of_info_nce() -> None:
    similarity = -matched(20)
    f = -((similarity / 0.1).logsumexp(1)) - torch.log(torch.tensor(20.0))
    plan = (similarity / 0.1 + f[:, None]).exp()
    torch.testing.assert_close(20 * plan, (similarity / 0.1).softmax(1))
    again = sinkhorn(-similarity, 0.1, max_iter=1)  # a whole iteration: rows, then columns
    torch.testing.assert_close(again.plan, plan / plan.sum(0) / 20)


def test_batch_is_a_loop() -> None:
    draw = torch.Generator().manual_seed(2)
    cost = torch.rand(2, 3, 10, 8, generator=draw, dtype=torch.float64) * torch.tensor([1, 4.0])[:, None, None, None]
    _, a, b = problem(10, 8)
    for solve in (sinkhorn, lambda c, e, a, b, **k: partial_sinkhorn(c, e, 0.5, a, b, **k)):
        found = solve(cost, 0.05, a, b, max_iter=5000)
        assert found.f.shape == (2, 3, 10)
        assert found.n_iter.shape == found.error.shape == found.converged.shape == (2, 3)
        for i in range(2):
            for j in range(3):
                one = solve(cost[i, j], 0.05, a, b, max_iter=5000)
                torch.testing.assert_close(found.plan[i, j], one.plan, atol=1e-7, rtol=1e-4)
        assert len(set(found.n_iter.flatten().tolist())) > 1  # the easy ones stopped before


def test_a_batch_may_have_its_own_masses() -> None:
    cost, a, b = problem(6, 5)
    found = sinkhorn(cost.expand(2, 6, 5), 0.1, torch.stack([a, a.flip(0)]), b)
    torch.testing.assert_close(found.plan[1], sinkhorn(cost, 0.1, a.flip(0), b).plan)


def test_forbidden_pairs_stay_empty() -> None:
    cost = problem(6, 6)[0]
    cost[0, 1:] = torch.inf
    found = sinkhorn(cost, 0.1, tol=1e-9).require_converged()
    assert found.plan[0].tolist() == pytest.approx([1 / 6, 0, 0, 0, 0, 0])
    assert bool((found.plan[1:, 0] < 1e-8).all())


def test_half_precision_and_autocast_are_solved_in_single() -> None:
    cost = matched(16)
    exact = sinkhorn(cost, 0.05).plan
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(sinkhorn(cost, 0.05).plan, exact)
    assert sinkhorn(cost.bfloat16(), 0.05).plan.dtype == torch.float32


@pytest.mark.parametrize("grad", ["implicit", "unroll", "detach"])
def test_a_solver_that_did_not_arrive_says_so(grad: str) -> None:
    found = sinkhorn(matched(30, 1.0), 0.01, max_iter=7, grad=grad)
    assert not bool(found.converged)
    assert int(found.n_iter) == 7
    assert float(found.error) > 1e-6
    with pytest.raises(GraphError, match="1 of 1 couplings did not converge: after 7 iterations the error is"):
        found.require_converged()


def test_infeasible_support_is_an_error() -> None:
    cost = torch.rand(4, 4)
    cost[:2, 1:] = torch.inf  # two rows, one column for both
    with pytest.raises(GraphError, match=r"infeasible: the edges can carry at most 0\.75 of the mass 1"):
        sinkhorn(cost, 0.1, max_iter=50)
    cost[:, 2] = torch.inf
    with pytest.raises(GraphError, match="infeasible: column 2 of the cost is infinite throughout"):
        sinkhorn(cost, 0.1)


def test_bad_input_is_named() -> None:
    cost, a, b = problem(3, 4)
    nan = cost.clone()
    nan[1, 2] = torch.nan
    with pytest.raises(GraphError, match=r"cost: nan at \[1, 2\]; expected numbers, or inf where forbidden"):
        sinkhorn(nan, 0.1)
    with pytest.raises(GraphError, match=r"cost: expected floating point \[\.\.\., n, m\], got torch.float64 \[3\]"):
        sinkhorn(cost[:, 0], 0.1)
    with pytest.raises(GraphError, match=r"epsilon: expected a finite number above 0, got 0"):
        sinkhorn(cost, 0)
    with pytest.raises(GraphError, match=r"a: expected masses above 0, got -0\.5 at \[0\]"):
        sinkhorn(cost, 0.1, torch.tensor([-0.5, 1, 0.5], dtype=torch.float64), b)
    with pytest.raises(GraphError, match=r"b: expected floating point \[4\], got torch.float64 \[3\]"):
        sinkhorn(cost, 0.1, a, a)
    with pytest.raises(GraphError, match=r"a, b: expected equal totals, got 2 and 1; partial_sinkhorn takes unequal"):
        sinkhorn(cost, 0.1, 2 * a, b)
    for mass in (-0.2, 0, 1.5):
        with pytest.raises(GraphError, match=rf"mass: expected above 0 and at most min\(Σa, Σb\) = 1, got {mass}"):
            partial_sinkhorn(cost, 0.1, mass, a, 3 * b)
    with pytest.raises(GraphError, match="grad: expected 'implicit', 'unroll' or 'detach', got 'magic'"):
        check_solver(0.1, 1, 0.1, "magic")
    with pytest.raises(GraphError, match="max_iter: expected at least 1, got 0"):
        sinkhorn(cost, 0.1, max_iter=0)
    with pytest.raises(GraphError, match="tol: expected a finite number above 0, got -1"):
        partial_sinkhorn(cost, 0.1, 0.5, tol=-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("partial", [False, True])
def test_costs_beyond_all_reason_are_reported_not_crashed_on(dtype: torch.dtype, partial: bool) -> None:
    for size in (1e12, 1e20):
        cost = size * torch.rand(20, 20, dtype=dtype)
        with contextlib.suppress(GraphError):  # where not even a potential is finite
            coupling = partial_sinkhorn(cost, 0.05, 0.5, max_iter=50) if partial else sinkhorn(cost, 0.05, max_iter=50)
            assert not bool(coupling.converged)
            assert bool(coupling.plan.isfinite().all())


def test_costs_beyond_the_numbers_of_their_type_are_refused() -> None:
    cost = torch.tensor([[3e38, 0.0], [0.0, 3e38]])
    with pytest.raises(GraphError, match=r"cost: numbers up to 3e\+38 at epsilon 0.05 overflow; scale them down"):
        sinkhorn(cost, 0.05)
    with pytest.raises(GraphError, match=r"a: masses up to 2e\+38 overflow when they are summed"):
        sinkhorn(torch.zeros(2, 2), 0.05, torch.full((2,), 2e38), torch.full((2,), 2e38))
