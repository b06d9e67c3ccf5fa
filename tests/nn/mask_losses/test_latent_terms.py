"""Orthogonality and mutual information against loops, torch.distributions and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck
from torch.distributions import Normal

from avgraph.errors import GraphError
from avgraph.nn import MutualInformation, orthogonality
from avgraph.nn.mask_losses.mutual_information import log_density


def test_orthogonality_equals_a_loop() -> None:
    x, y = torch.randn(7, 3, dtype=torch.float64), torch.randn(7, 4, dtype=torch.float64)
    units = []
    for rows in (x, y):
        centred = [[float(v - rows[:, j].mean()) for j, v in enumerate(row)] for row in rows]
        units.append([[v / math.hypot(*row) for v in row] for row in centred])
    squares = [sum(a[j] * b[k] for a, b in zip(*units, strict=True)) ** 2 for j in range(3) for k in range(4)]
    assert float(orthogonality(x, y)) == pytest.approx(sum(squares) / 12)


def test_orthogonality_sees_only_what_goes_along() -> None:
    x = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    apart = torch.tensor([[1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]])
    assert float(orthogonality(x, apart)) == pytest.approx(0)
    assert float(orthogonality(x, x)) == pytest.approx((2**2 + 2**2) / 4)
    torch.testing.assert_close(orthogonality(3 * x + 5, x), orthogonality(x, x))
    for size in (1e-30, 1e30):
        torch.testing.assert_close(orthogonality(size * x, x), orthogonality(x, x))


def test_orthogonality_of_rows_at_the_centre_is_zero_with_a_finite_gradient() -> None:
    for rows in (1, 4):
        x = torch.ones(rows, 3, requires_grad=True)
        value = orthogonality(x, torch.randn(rows, 2))
        value.backward()
        assert float(value.detach()) == pytest.approx(0, abs=1e-9)
        assert x.grad is not None
        assert bool(x.grad.isfinite().all())


def test_gradchecks() -> None:
    x, y, z = (torch.randn(5, 3, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert gradcheck(orthogonality, (x, y))
    for official in (False, True):
        assert gradcheck(lambda *given, official=official: log_density(*given, official=official), (x, y, z))


def test_log_density_is_that_of_torch() -> None:
    mean, logvar, y = (torch.randn(6, 4, dtype=torch.float64) for _ in range(3))
    expected = Normal(mean, (logvar / 2).exp()).log_prob(y).sum(1).mean() + 4 * math.log(2 * math.pi) / 2
    torch.testing.assert_close(log_density(mean, logvar, y), expected)


def test_the_best_variance_is_the_true_one_unless_official() -> None:
    """Without log σ² the value only rises with σ²; with it, the best σ² is the mean square of the error."""
    error = torch.randn(20_000, 1, dtype=torch.float64) * 0.7
    logvar = torch.linspace(-3, 3, 601, dtype=torch.float64)
    values = {
        official: [float(log_density(error, one.expand_as(error), 0 * error, official=official)) for one in logvar]
        for official in (False, True)
    }
    assert math.exp(float(logvar[torch.tensor(values[False]).argmax()])) == pytest.approx(
        float(error.square().mean()), rel=0.02
    )
    assert values[True] == sorted(values[True])


@pytest.mark.parametrize("official", [False, True])
def test_module_is_the_formula(official: bool) -> None:
    module = MutualInformation(16, 6, official=official).double()
    visual, audio = torch.randn(5, 16, dtype=torch.float64), torch.randn(5, 16, dtype=torch.float64)
    y, mean = module.audio(audio).tanh(), module.mean(visual).tanh()
    logvar = module.logvar(visual).tanh()
    inside = (mean - y).square() / logvar.exp() + (0 if official else logvar)
    torch.testing.assert_close(module(visual, audio), -inside.sum(1).mean() / 2)


def test_training_finds_what_two_codes_share() -> None:
    """Maximised with y fixed, the bound is higher for codes that share a part than for codes that share nothing."""
    shared, noise = torch.randn(512, 4), torch.randn(512, 4)
    values = []
    for audio in (shared, noise):
        torch.manual_seed(0)
        module = MutualInformation(4, 2)
        module.audio.requires_grad_(False)
        optimiser = torch.optim.Adam(module.parameters(), 0.05)
        for _ in range(60):
            optimiser.zero_grad()
            (-module(shared, audio)).backward()
            optimiser.step()
        values.append(float(module(shared, audio).detach()))
    assert values[0] > values[1] + 0.5


def test_bad_input_is_named() -> None:
    with pytest.raises(GraphError, match=r"x, y: expected \[n, d\] and \[n, c\], got \[3, 2\] and \[4, 2\]"):
        orthogonality(torch.zeros(3, 2), torch.zeros(4, 2))
    with pytest.raises(GraphError, match="y: row 0 is not finite"):
        orthogonality(torch.randn(3, 2), torch.full((3, 2), torch.nan))
    with pytest.raises(GraphError, match=r"mean, logvar, y: expected three \[n, d\] of one shape"):
        log_density(torch.zeros(3, 2), torch.zeros(3, 2), torch.zeros(3, 1))
    with pytest.raises(GraphError, match=r"audio: expected \[n, 16\], got \[4, 8\]"):
        MutualInformation(16)(torch.zeros(4, 16), torch.zeros(4, 8))


def test_repr() -> None:
    assert str(MutualInformation(16, official=True)) == "MutualInformation(16, 6, official=True)"
