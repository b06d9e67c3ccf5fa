"""What a training step of every case gives: its loss and the gradient of every parameter."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from avgraph.methods import Task
from avgraph.nn.distributed import over_whole_batch
from avgraph.runtime.ranks import together, world_size
from benchmarks.distributed.cases import CASES

Found = dict[str, dict[str, Tensor]]
"""Case → loss and gradients by name."""


class Step(nn.Module):
    """The loss of a task as a module, so that `DistributedDataParallel` reduces its gradients."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    def forward(self, batch: Tensor) -> Tensor:
        loss: Tensor = self.task.training_step(batch, 0)
        return loss


def step_of(name: str) -> dict[str, Tensor]:
    """Loss and gradients of a case, on however many processes there are."""
    task, batch = CASES[name]()
    quiet_log(task)
    step: nn.Module = Step(task)
    if world_size() > 1:
        over_whole_batch(task)
        step = DistributedDataParallel(step, find_unused_parameters=True)
    torch.manual_seed(1)
    loss = step(batch)
    loss.backward()
    found = {"loss": loss.detach()}
    for key, value in task.named_parameters():
        if value.grad is not None:
            found[key] = value.grad.clone()
    for key, value in task.named_buffers():
        if "running" in key:
            found[key] = value.clone()
    return found


def quiet_log(task: Task) -> None:
    """There is no trainer that would take what the step logs."""

    def say_nothing(*_: Any, **__: Any) -> None:
        pass

    setattr(task, "log", say_nothing)  # noqa: B010


def all_steps() -> Found:
    return {name: step_of(name) for name in CASES}


def work(rank: int, world: int, folder: str) -> None:
    """One rank: joins the others over a file, and writes what it finds beside it."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/group-{world}", rank=rank, world_size=world, timeout=timedelta(minutes=2)
    )
    try:
        with together():
            torch.save(all_steps(), Path(folder, f"{world}-{rank}.pt"))
    finally:
        dist.destroy_process_group()
