"""Deterministic algorithms are on inside a run and as they were after it."""

from pathlib import Path

import pytest
import torch
import torch.utils.deterministic

import avgraph
from avgraph.methods import RRNetTask
from avgraph.runtime.settings import deterministic
from tests.experiments import small_experiment


def test_settings_come_back_after_an_error() -> None:
    def fails() -> None:
        with deterministic():
            assert torch.is_deterministic_algorithms_warn_only_enabled()
            assert not torch.utils.deterministic.fill_uninitialized_memory
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fails()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


def test_gradients_of_an_index_are_summed_in_one_order() -> None:
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(50, 16, generator=generator).requires_grad_()
    index, scale = torch.arange(200_000) % 50, torch.rand(200_000, 1, generator=generator)

    def gradient() -> torch.Tensor:
        return torch.autograd.grad((table[index] * scale).sum(), table)[0]

    with deterministic():
        first = gradient()
        assert all(torch.equal(gradient(), first) for _ in range(5))


def test_a_run_trains_under_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enabled = []
    step = RRNetTask.training_step

    def recorded(task: RRNetTask, batch: torch.Tensor, number: int) -> torch.Tensor:
        enabled.append(torch.are_deterministic_algorithms_enabled())
        return step(task, batch, number)

    monkeypatch.setattr(RRNetTask, "training_step", recorded)
    avgraph.train(small_experiment(tmp_path, **{"epochs: 30": "epochs: 2"}), quiet=True)
    assert enabled == [True, True]
