"""One process's share of the training of a run, whose graph the first process has made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import torch

from avgraph.io.graph_file import load_graph
from avgraph.nn.distributed import over_whole_batch
from avgraph.options.train import TrainOptions
from avgraph.runs.distributed.devices import device_of
from avgraph.runs.finished import experiment_of
from avgraph.runs.loggers import Loggers
from avgraph.runs.pipeline import build_task
from avgraph.runs.training import fit
from avgraph.runtime.ranks import rank, together

HANDED = ".handed.pt"  # the graph, in the folder of the run while it is trained


def train_share(directory: Path, place: TrainOptions, local_rank: int, *, quiet: bool) -> None:
    """Train with the other ranks, to be called by all of them, within `joined_group` and `run_settings`.

    Every rank begins with the same weights, draws the same batches and the same numbers, and takes its rows of each
    batch; the first one writes.

    Args:
        directory: of the run.
        place: on how many devices and machines, whatever the run was begun on.
        local_rank: number of this process on its machine.
        quiet: no progress; only the first rank has any.
    """
    experiment = experiment_of(directory)
    options = experiment.train.model_copy(update={"devices": place.devices, "nodes": place.nodes})
    experiment = experiment.model_copy(update={"train": options})
    task = build_task(experiment)
    graph = load_graph(directory / HANDED)
    torch.manual_seed(experiment.seed)
    task.bind(graph, options, experiment.seed)
    over_whole_batch(task)
    device = device_of(options, local_rank)
    with together(), closing(Loggers(experiment, directory)) as loggers:
        fit(task, experiment, directory, device=device, quiet=quiet or rank() > 0, loggers=loggers)
