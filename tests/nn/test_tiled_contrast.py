"""InfoNCE by tiles against the whole table."""

import sys

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.nn import info_nce
from avgraph.nn.contrast.info_nce import tiled_contrast


def whole(x: Tensor, y: Tensor) -> Tensor:
    table = x @ y.T
    return (table.logsumexp(1) + table.logsumexp(0)).mean() / 2 - table.diagonal().mean()


def views(b: int, d: int = 5, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(b)
    return tuple(  # type: ignore[return-value]
        (scale * torch.randn(b, d, generator=draw, dtype=torch.float64)).to(dtype).requires_grad_() for _ in range(2)
    )


CONTRAST = sys.modules["avgraph.nn.contrast.info_nce"]


@pytest.fixture(params=["kept", "computed again"])
def tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the backward pass does for the scores."""
    if request.param == "computed again":
        monkeypatch.setattr(CONTRAST, "_KEPT", 0)


@pytest.mark.usefixtures("tiles")
@pytest.mark.parametrize("b", [1, 4, 11])
@pytest.mark.parametrize("tile", [1, 3, 4, 100])
@pytest.mark.parametrize("scale", [0.5, 30.0])  # scores up to some thousands, as at τ = .01
def test_equals_the_whole_table(b: int, tile: int, scale: float) -> None:
    x, y = views(b, scale=scale)
    tiled, table = tiled_contrast(x, y, tile), whole(x, y)
    torch.testing.assert_close(tiled, table)
    for one, other in zip(torch.autograd.grad(3 * tiled, (x, y)), torch.autograd.grad(3 * table, (x, y)), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.usefixtures("tiles")
def test_gradcheck() -> None:
    x, y = views(7)
    assert gradcheck(lambda x, y: tiled_contrast(x, y, 3), (x, y))
    assert gradcheck(lambda x: tiled_contrast(x, y.detach(), 3), (x,))


def test_kept_and_computed_again_are_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = views(11, dtype=torch.float32)
    loss = tiled_contrast(x, y, 4)
    assert [score.shape for score in loss.grad_fn.saved_tensors[4:]][-2:] == [(3, 4), (3, 3)]  # type: ignore[union-attr]
    kept = torch.autograd.grad(loss, (x, y), retain_graph=True)
    for one, other in zip(torch.autograd.grad(loss, (x, y)), kept, strict=True):
        assert torch.equal(one, other)  # what is kept is not written to
    monkeypatch.setattr(CONTRAST, "_KEPT", 11 * 11 * 4 - 1)
    loss = tiled_contrast(x, y, 4)
    assert len(loss.grad_fn.saved_tensors) == 4  # type: ignore[union-attr]
    for one, other in zip(torch.autograd.grad(loss, (x, y)), kept, strict=True):
        assert torch.equal(one, other)


def test_low_precision_and_autocast_are_computed_in_single() -> None:
    x, y = views(9, dtype=torch.bfloat16)
    expected = whole(x.double(), y.double())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = tiled_contrast(x, y, 4)
        gradient = torch.autograd.grad(loss, x)[0]
    assert loss.dtype == torch.float32
    assert gradient.dtype == torch.bfloat16
    torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-5)


def test_info_nce_of_a_large_batch_goes_by_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = views(10)
    expected = info_nce(x, y, 0.05)
    of_table = torch.autograd.grad(expected, (x, y))
    monkeypatch.setattr(CONTRAST, "_TILE", 4)
    loss = info_nce(x, y, 0.05)
    assert "TiledContrast" in type(loss.grad_fn).__name__
    torch.testing.assert_close(loss, expected)
    for one, other in zip(torch.autograd.grad(loss, (x, y)), of_table, strict=True):
        torch.testing.assert_close(one, other)
