"""What a run changes in its process is changed back."""

import logging
import random
from pathlib import Path

import numpy as np
import torch

import avgraph
from avgraph.runtime.settings import run_settings
from tests.experiments import small_experiment


def draws() -> list[float]:
    """Leaves out `random`, of which the tests' own type checker draws."""
    states = torch.get_rng_state(), np.random.get_state()
    found = [float(torch.rand(())), float(np.random.rand())]
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])
    return found


def test_training_and_evaluation_leave_the_process_as_it_was(tmp_path: Path) -> None:
    def state() -> list[object]:
        return [draws(), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(),
                logging.getLogger("pytorch_lightning").level]  # fmt: skip

    before = state()
    run = avgraph.train(small_experiment(tmp_path), {"train.threads": torch.get_num_threads() + 1, "train.epochs": 1})
    assert state() == before
    avgraph.evaluate(run)
    assert state() == before


def test_python_draws_on_as_well() -> None:
    random.seed(1)
    wanted = random.random()
    random.seed(1)
    with run_settings(None):
        random.seed(2)
    assert random.random() == wanted
