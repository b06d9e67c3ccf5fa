"""A training step waits for the device only where the pages say so: found on the CPU, an error elsewhere on a GPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from avgraph.methods import Task
from avgraph.methods.rrnet import RatingTask, RrnetRatingsOptions
from avgraph.options.train import TrainOptions
from benchmarks.distributed.cases import CASES, rrnet
from benchmarks.distributed.steps import quiet_log
from tests.rating_graphs import complete, ratings
from tests.runs.synchronisations import COPIES, LOOKS, Watch


def of_ratings() -> tuple[Task, Tensor]:
    task = RatingTask(RrnetRatingsOptions())
    task.bind(complete(ratings()), TrainOptions(epochs=1), 0)
    return task.train(), torch.zeros(1)


STEPS: dict[str, tuple[Callable[[], tuple[Task, Tensor]], tuple[str, ...]]] = {
    "mltm": (CASES["mltm mltm"], ("checks", "solver")),
    "mltm info_nce": (CASES["mltm info_nce"], ("checks",)),
    "mltm triplet": (CASES["mltm triplet"], ("checks", "classes")),
    "lir": (CASES["lir triplet"], ("checks", "stage")),
    "lir n_pair": (CASES["lir n_pair"], ("checks", "stage", "classes")),
    "lir student": (CASES["lir student"], ("checks", "stage", "activity")),
    "cmcr": (CASES["cmcr all terms"], ("checks", "number")),
    "rrnet": (lambda: rrnet(None), ("labelled",)),
    "rrnet in batches": (CASES["rrnet cross_entropy"], ("labelled", "neighbourhood")),
    "rrnet_ratings": (of_ratings, ("checks",)),
    "mmvae": (CASES["mmvae joint"], ("checks", "frames", "clips")),
    "mmvae experts": (CASES["mmvae experts"], ("checks", "frames", "clips")),
}


def second_step(name: str, device: str) -> set[str]:
    """Who looks at values in it: the first one may prepare."""
    make, reasons = STEPS[name]
    task, batch = make()
    task.to(device)
    quiet_log(task)
    allowed = {where for reason in reasons for where in LOOKS[reason]}
    task.training_step(batch, 0).backward()
    watch = Watch(allowed | COPIES)
    try:
        if device == "cuda":
            torch.cuda.set_sync_debug_mode("error")
        with watch:
            task.training_step(batch, 0).backward()
    finally:
        if device == "cuda":
            torch.cuda.set_sync_debug_mode("default")
    return watch.found


@pytest.mark.slow
def test_only_what_is_listed_looks_at_values() -> None:
    everybody = set()
    for name, (_, reasons) in STEPS.items():
        found = second_step(name, "cpu") - {"autograd"}
        allowed = {where for reason in reasons for where in LOOKS[reason]}
        assert found <= allowed, name
        everybody |= found
    assert everybody == {where for functions in LOOKS.values() for where in functions}


@pytest.mark.gpu
@pytest.mark.parametrize("name", STEPS)
def test_nothing_else_waits_for_the_gpu(name: str) -> None:
    second_step(name, "cuda")
