"""A method trained on a graph that is there already, without the files of a run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

import torch
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.methods.task import Task
from avgraph.runs.training import fit
from avgraph.runtime.settings import run_settings

AnyTask = TypeVar("AnyTask", bound=Task)


def trained(task: AnyTask, graph: HeteroData, experiment: Experiment) -> AnyTask:
    """The steps of `avgraph.runs.run.train_in`: seed, bind, fit; threads are those of the caller."""
    torch.manual_seed(experiment.seed)
    task.bind(graph, experiment.train, experiment.seed)
    with run_settings(None), tempfile.TemporaryDirectory() as folder:
        fit(task, experiment, Path(folder), device="cpu", quiet=True)
    task.eval()
    return task
