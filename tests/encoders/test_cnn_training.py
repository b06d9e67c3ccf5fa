"""Fitting CNNs side by side: the numbers depend neither on how many there are nor on the number of threads."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from avgraph.encoders import EncodeContext, LogmelCNN
from avgraph.encoders.cnn_training import fitted_cnns
from avgraph.encoders.separable_cnn import SeparableCNN
from avgraph.runtime.settings import run_settings

OPTIONS = LogmelCNN(channels=32, width=8, batch_size=16, lr=0.01, weight_decay=0.05, mixup=0.4)


def clips() -> tuple[Tensor, Tensor]:
    """Noise at the size of real pictures, where a sum over two threads rounds otherwise than over one."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(64, 1, 64, 54, generator=generator), torch.arange(64) % 4


def fitted(folds: list[int], context: EncodeContext | None = None, seed: int = 0) -> list[SeparableCNN]:
    x, y = clips()
    rows = torch.arange(64)
    fits = [(rows, 2) if fold == 0 else (rows[rows % 4 != fold], 1) for fold in folds]
    return fitted_cnns(x, y, 4, fits, OPTIONS, seed=seed, context=context or EncodeContext())


def equal(one: SeparableCNN, other: SeparableCNN) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_side_by_side_is_one_after_the_other(threads: int) -> None:
    with run_settings(1):
        alone = [fitted([fold])[0] for fold in (0, 1, 2)]
    with run_settings(threads):
        together = fitted([0, 1, 2])
    assert all(equal(a, b) for a, b in zip(alone, together, strict=True))
    assert not equal(together[1], together[2])


def test_the_seed_counts_and_the_global_random_state_is_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    one = fitted([1])[0]
    assert torch.equal(torch.rand(2), expected)
    torch.manual_seed(8)
    assert equal(fitted([1])[0], one)
    assert not equal(fitted([1], seed=1)[0], one)


def test_only_what_is_missing_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = EncodeContext(cache=tmp_path)
    (one,) = fitted([1], context)
    batches = 0
    step = torch.optim.AdamW.step

    def counted(self: torch.optim.AdamW, *arguments: object) -> object:
        nonlocal batches
        batches += 1
        return step(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.optim.AdamW, "step", counted)
    again, _ = fitted([1, 2], context)
    assert batches == 3  # 48 clips, 16 at a time, one epoch
    assert equal(one, again)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    files[0].write_bytes(b"damaged")
    fitted([1, 2], context)
    assert batches == 6


def test_one_that_fails_ends_the_others_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: SeparableCNN, *arguments: object) -> Tensor:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(SeparableCNN, "forward", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        fitted([0, 1, 2], EncodeContext(cache=tmp_path))
    assert list(tmp_path.iterdir()) == []
