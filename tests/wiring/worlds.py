"""What rows look at: a data set loaded, an encoder or a transform applied, a method trained for a step, a whole run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.config.builtin import DATASETS, ENCODERS, TRANSFORMS
from avgraph.encoders.context import EncodeContext
from avgraph.methods.task import Task
from avgraph.options.base import ComponentOptions
from avgraph.runs import callbacks
from avgraph.runs.folder import CHECKPOINT, ENVIRONMENT, HISTORY
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.runs.training import fit
from avgraph.runtime.settings import run_settings

CPU = {"epochs": 1, "optimizer": {"type": "sgd", "lr": 0.1}, "device": "cpu", "threads": 1}


def checked(table: Mapping[str, Any], name: str, options: Mapping[str, Any]) -> Any:
    """Checked options, as a YAML file gives them."""
    return table[name].model_validate({"type": name, **options})


def used(options: type[ComponentOptions], base: Mapping[str, Any]) -> dict[str, Any]:
    """What a change leaves of the base: what it makes useless would be an error of its own."""
    unused = options.model_construct(**base).unused()
    return {name: value for name, value in base.items() if name not in unused}


@dataclass(frozen=True)
class DatasetWorld:
    """A data set with some options; what it loads, or the message of its error."""

    name: str
    options: Mapping[str, Any]

    @cached_property
    def data(self) -> HeteroData:
        """The graph it loads."""
        return checked(DATASETS, self.name, self.options).load()


@dataclass(frozen=True)
class EncoderWorld:
    """An encoder with some options, applied to a node type."""

    name: str
    options: Mapping[str, Any]
    source: Any
    node: str = "audio"

    @cached_property
    def data(self) -> HeteroData:
        """The graph with what was encoded."""
        encoder = checked(ENCODERS, self.name, used(ENCODERS[self.name], self.options))
        return encoder.encode(self.source(), self.node, context=EncodeContext(seed=3))


@dataclass(frozen=True)
class TransformWorld:
    """A transform with some options, applied to a graph."""

    name: str
    options: Mapping[str, Any]
    source: Any

    @cached_property
    def data(self) -> HeteroData:
        """The graph with more edges."""
        return checked(TRANSFORMS, self.name, self.options).transform()(self.source())


class MethodWorld:
    """A method bound to a toy graph and trained for an epoch; each stage is there when it is looked at."""

    def __init__(self, toy: str, method: Mapping[str, Any], train: Mapping[str, Any] = CPU, graph: Any = ()) -> None:
        self.declared = {
            "name": "toy",
            "dataset": {"type": f"tests.wiring.toys:{toy}"},
            "graph": None if graph is None else list(graph),
            "method": dict(method),
            "train": dict(train),
        }

    @cached_property
    def experiment(self) -> Any:
        """The experiment, checked."""
        return experiment_from_dict(self.declared)

    @cached_property
    def bound(self) -> Task:
        """The method with its graph and its first weights."""
        with run_settings(None):
            torch.manual_seed(0)
            task = build_task(self.experiment)
            graph = build_graph(self.experiment, task, EncodeContext())
            torch.manual_seed(0)
            task.bind(graph, self.experiment.train, 0)
        self.start = {name: value.clone() for name, value in task.state_dict().items()}
        return task

    @cached_property
    def task(self) -> Task:
        """The method after training; ``inputs`` and ``dtypes`` are what its linear layers saw and gave."""
        task = self.bound
        self.inputs: dict[str, Tensor] = {}
        self.dtypes: set[torch.dtype] = set()
        layers = {name: layer for name, layer in task.named_modules() if isinstance(layer, nn.Linear)}
        hooks = [layer.register_forward_hook(self._recorder(name)) for name, layer in layers.items()]
        with tempfile.TemporaryDirectory() as folder, run_settings(None), pytest.MonkeyPatch.context() as patch:
            patch.setattr(callbacks, "save_tensors", lambda content, path: path.touch())  # none reads its checkpoint
            fit(task, self.experiment, Path(folder), device="cpu", quiet=True)
            lines = Path(folder, HISTORY).read_text(encoding="utf-8").splitlines()
        for hook in hooks:
            hook.remove()
        self.history: list[dict[str, float]] = [json.loads(line) for line in lines]
        return task.eval()

    def _recorder(self, name: str) -> Any:
        def record(layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
            self.inputs.setdefault(name, given[0].detach().clone())
            self.dtypes.add(output.dtype)

        return record

    @cached_property
    def metrics(self) -> dict[str, float]:
        """What it reports."""
        return self.task.metrics()

    @cached_property
    def data(self) -> HeteroData:
        """The graph it leaves."""
        return self.task.annotated()


class RunWorld:
    """A whole run in a folder of its own; what is ``None`` is left out of the declaration."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self.declared = declared

    @cached_property
    def run(self) -> avgraph.Run:
        """The run."""
        return avgraph.train(experiment_from_dict(self.declared))

    @property
    def data(self) -> HeteroData:
        """The graph it leaves."""
        return self.run.graph

    @cached_property
    def encoded(self) -> HeteroData:
        """The graph before training."""
        experiment = experiment_from_dict(self.declared)
        return build_graph(experiment, build_task(experiment), EncodeContext())

    def environment(self, key: str) -> Any:
        """What the run says of its machine."""
        return json.loads((self.run.directory / ENVIRONMENT).read_text(encoding="utf-8"))[key]


class TrainWorld(MethodWorld):
    """RR-Net or m-LTM on a toy graph, trained as declared; also as a run, and with a power cut."""

    @cached_property
    def run(self) -> avgraph.Run:
        """The same as a run."""
        return avgraph.train(self.experiment)

    @cached_property
    def saved(self) -> int | None:
        """Epoch of the checkpoint that is left when the third epoch breaks off; None without one."""
        task = MethodWorld.bound.func(self)  # type: ignore[attr-defined]

        def power_cut() -> None:
            if task.current_epoch == 2:
                raise RuntimeError("power cut")

        task.on_train_epoch_start = power_cut
        with tempfile.TemporaryDirectory() as folder, run_settings(None):
            with pytest.raises(RuntimeError, match="power cut"):
                fit(task, self.experiment, Path(folder), device="cpu", quiet=True)
            checkpoint = Path(folder, CHECKPOINT)
            if not checkpoint.is_file():
                return None
            return int(torch.load(checkpoint, weights_only=True)["epoch"])
