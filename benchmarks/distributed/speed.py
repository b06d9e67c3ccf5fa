"""Seconds of a training step at sizes as the papers have them, of one process or of several."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch_geometric.data import HeteroData

from avgraph.methods import Task
from avgraph.methods.cmcr import CmcrOptions, CMCRTask
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.methods.mltm import MltmOptions, MLTMTask
from avgraph.nn.distributed import over_whole_batch
from avgraph.options.train import TrainOptions
from avgraph.runs.distributed.group import joined_group
from avgraph.runtime.ranks import rank, together, world_size
from benchmarks.distributed.steps import Step, quiet_log

SIZES = {"m-LTM, 128 pairs": 128, "LIR, 400 clips": 400, "C-MCR, 2048 items": 2048}


def _task(name: str, size: int) -> Task:
    draw, graph, every = torch.Generator().manual_seed(0), HeteroData(), torch.ones(size, dtype=torch.bool)
    torch.manual_seed(0)
    if name.startswith("C-MCR"):
        for node, spaces in (("text", ("clap", "clip")), ("sounds", ("clap",)), ("pictures", ("clip",))):
            for space in spaces:
                x = torch.randn(size, 512, generator=draw)
                graph[node][f"x_{space}"] = nn.functional.normalize(x)
            graph[node].train_mask = every
        options = CmcrOptions(batch_size=size, hidden_channels=1024, channels=512, recall="argmax")
        task: Task = CMCRTask(options)
    else:
        other, widths = ("visual", (128, 1024)) if name.startswith("LIR") else ("text", (512, 768))
        for node, width in zip(("audio", other), widths, strict=True):
            graph[node].x = torch.randn(size, width, generator=draw)
            graph[node].y = torch.arange(size) if other == "text" else torch.arange(size) % 10
            graph[node].train_mask = every
        lir = LirOptions(batch_size=size, hidden_channels=1024, dependencies="identity")
        task = LIRTask(lir) if other == "visual" else MLTMTask(MltmOptions(batch_size=size))
    task.bind(graph, TrainOptions(epochs=1000), 0)
    task.train().on_fit_start()
    return task


def seconds(name: str, steps: int) -> float:
    """Median over some steps of forward, backward and AdamW, after two that do not count."""
    size = SIZES[name]
    task = _task(name, size)
    quiet_log(task)
    module: nn.Module = Step(task)
    if world_size() > 1:
        over_whole_batch(task)
        module = DistributedDataParallel(module, find_unused_parameters=True)
    optimizer = torch.optim.AdamW(task.parameters(), lr=1e-4)
    batch, spent = torch.tensor([0]) if name.startswith("C-MCR") else torch.arange(size), []
    for _ in range(steps + 2):
        start = time.perf_counter()
        optimizer.zero_grad()
        module(batch).backward()
        optimizer.step()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent[2:])


def time_rank(number: int, world: int, threads: int, steps: int, folder: str) -> None:
    """One process of ``world``; the first writes its seconds by name."""
    torch.set_num_threads(threads)
    with joined_group(number, world, meet=f"file://{folder}/time-{world}", device="cpu"), together():
        found = {name: seconds(name, steps) for name in SIZES}
        if rank() == 0:
            torch.save(found, Path(folder, f"time-{world}.pt"))
