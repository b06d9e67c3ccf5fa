"""What every option of an experiment, of its training and of its optimizer does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

import avgraph
from avgraph import config
from avgraph.errors import DataError
from avgraph.options.train import OptimizerOptions, TrainOptions
from avgraph.runs.distributed import everywhere
from avgraph.runs.training import pick_device
from tests.wiring.row import FALLS, Component, becomes, gains, loses, nearly, row, tells
from tests.wiring.see import COURSE, LOGGED, error, seen, update
from tests.wiring.worlds import MethodWorld, RunWorld, TrainWorld

RRNET = {"type": "rrnet", "hidden_channels": 4, "loss": "bce", "dropout": 0.0}
GRAPH = [{"type": "complete", "source": "audio", "target": "label"}]
CANDIDATE = ("audio", "candidate", "label")
UPDATE = update("model.decoder.0.weight")
SGD = {"type": "sgd", "lr": 0.1}
CHOSEN = seen("what has chosen", lambda world: world.run.metrics["selected"]["metric"])


def _train(options: Mapping[str, Any]) -> TrainWorld:
    return TrainWorld("Validated", RRNET, options)


def _steps(options: Mapping[str, Any]) -> TrainWorld:
    return TrainWorld(
        "Captions", {"type": "mltm", "hidden_channels": 6, "shared_channels": 4, "batch_size": 6}, options
    )


def _optimizer(options: Mapping[str, Any]) -> MethodWorld:
    return MethodWorld("Sounds", RRNET, {"epochs": 2, "optimizer": options, "schedule": "constant", "device": "cpu"})


def _one_cycle(lr: float, steps: int) -> list[float]:
    """The rates after every step, as torch has them."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    schedule, rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps), []
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def _begun(name: str, world: TrainWorld) -> list[Any]:
    """What a function of training on several processes is called with as second argument, in place of its work."""
    found: list[Any] = []

    def stop(*given: Any, **_: Any) -> None:
        found.append(given[1])
        raise DataError("enough")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everywhere, name, stop)
        patch.setattr(everywhere, "fit", stop)
        with pytest.raises(DataError, match="enough"):
            avgraph.train(world.experiment)
    return [value for value in found if not isinstance(value, config.Experiment)]


def _cosine(lr: float, steps: int) -> list[float]:
    return [lr * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(1, steps + 1)]


def _momentum(world: MethodWorld) -> float:
    """What the optimizer has after training."""
    return float(world.task.trainer.optimizers[0].param_groups[0]["momentum"])


def _kinds(world: RunWorld) -> dict[str, int]:
    """Edges per target or source node of every type."""
    return {"-".join(kind): world.encoded[kind].edge_index.shape[1] // 24 for kind in world.encoded.edge_types}


EXPERIMENT = Component(
    "experiment", config.Experiment, RunWorld,
    {"name": "one", "dataset": {"type": "tests.wiring.toys:Names"}, "graph": GRAPH, "method": RRNET,
     "train": {"epochs": 1, "device": "cpu"}, "output": "runs"}, (
        row("name", "two", seen("folder of the runs", lambda world: world.run.directory.parent.name), becomes("two")),
        row("seed", 5, seen("probabilities", lambda world: world.data[CANDIDATE].probability)),
        row("seed", 5, seen("the seed that is told", lambda world: (
            world.run.metrics["seed"], world.environment("seed"))), becomes((5, 5))),
        row("dataset", {"type": "tests.wiring.toys:Sounds"}, seen("data that are told", lambda world: (
            world.run.metrics["data"]["dataset"])), becomes("toy")),
        row("encoders", {"label": {"type": "hashing", "channels": 9}}, seen("width of label.x", lambda world: (
            world.encoded["label"].x.shape[1])), becomes(9)),
        row("graph", None, seen("edges per node", _kinds), becomes(
            {"audio-near-audio": 10, "label-near-label": 2, "audio-candidate-label": 20})),
        row("method", {**RRNET, "loss": "cross_entropy"}, seen("sum of probability", lambda world: round(
            float(world.data[CANDIDATE].probability.sum()), 3)), becomes(24.0)),
        row("train", {"epochs": 2, "device": "cpu"}, seen("lines of metrics.jsonl", lambda world: len(
            (world.run.directory / "metrics.jsonl").read_text().splitlines())), becomes(2)),
        row("output", "elsewhere", seen("folder of all runs", lambda world: (
            world.run.directory.parents[1].name)), becomes("elsewhere")),
        row("graphml", "without_vectors", seen("whether graph.graphml has features and probabilities", lambda world: [
            f'attr.name="{name}"' in world.run.directory.joinpath("graph.graphml").read_text()
            for name in ("x", "probability")]), becomes([False, True])),
        row("graphml", "none", seen("files of the run", lambda world: {
            path.name for path in world.run.directory.iterdir()}), loses("graph.graphml")),
        row("sweep", {"options": {"train.epochs": [0]}}, error(lambda world: world.run), tells("avgraph sweep trains")),
    ),
)  # fmt: skip

TRAIN = Component(
    "train", TrainOptions, _train, {"epochs": 3, "optimizer": SGD, "schedule": "constant", "device": "cpu"}, (
        row("epochs", 2, seen("epochs that are logged", lambda world: (world.task, len(world.history))[1]), becomes(2)),
        row("optimizer", {"type": "sgd", "lr": 0.2}, COURSE, nearly([0.2] * 3)),
        row("optimizer", {"type": "sgd", "lr": 0.1, "momentum": 0.5}, seen("momentum", _momentum), becomes(0.5)),
        row("optimizer", {"type": "sgd", "lr": 0.1, "momentum": 0.5}, seen("momentum", _momentum), becomes(0.5),
            schedule="one_cycle"),
        row("schedule", "cosine", COURSE, nearly(_cosine(0.1, 3))),
        row("schedule", "one_cycle", COURSE, nearly(_one_cycle(0.1, 3))),
        row("device", "cuda:99", error(lambda world: pick_device(world.experiment.train.device)), tells("cuda:99")),
        row("device", "cuda:99", error(lambda world: world.run), tells("cuda:99")),
        row("precision", "bf16-mixed", seen("types of what layers give", lambda world: (
            world.task, world.dtypes)[1]), gains(torch.bfloat16)),
        row("precision", "64-true", seen("type of the weights", lambda world: (
            next(world.task.parameters()).dtype)), becomes(torch.float64)),
        row("checkpoint_every", 1, seen("epoch of the checkpoint after a power cut", lambda world: world.saved),
            becomes(1)),
        row("checkpoint_every", 2, seen("epoch of the checkpoint after a power cut", lambda world: world.saved),
            becomes(1)),
        row("measure_every", 1, LOGGED, gains("val/accuracy")),
        row("measure_every", 2, seen("epochs that are measured", lambda world: (
            world.task, ["val/accuracy" in line for line in world.history])[1]), becomes([False, True, False])),
        row("monitor", "val/candidate_recall", CHOSEN, becomes("val/candidate_recall"), measure_every=1, keep="best"),
        row("monitor", "val/loss", error(lambda world: world.run), tells("rrnet measures no 'val/loss' here"),
            measure_every=1, keep="best"),
        row("goal", "min", seen("value that is chosen", lambda world: world.run.metrics["selected"]["value"]), FALLS,
            measure_every=1, keep="best", optimizer={"type": "adam", "lr": 1.0}),
        row("keep", "best", seen("checkpoints", lambda world: sorted(
            path.name for path in (world.run.directory / "checkpoints").iterdir())), gains("best.ckpt"),
            measure_every=1),
        row("keep", "best", seen("whether the run says which epoch it is of", lambda world: (
            "selected" in world.run.metrics)), becomes(True), measure_every=1),
        row("patience", 1, seen("epochs that are logged", lambda world: (
            world.task, len(world.history))[1]), becomes(2), measure_every=1, monitor="val/candidate_recall",
            keep="best"),
        row("log", ["tensorboard"], seen("files of the run", lambda world: {
            path.name for path in world.run.directory.iterdir()}), gains("tensorboard")),
        row("threads", 3, seen("threads of the run", lambda world: RunWorld(world.declared).environment("threads")),
            becomes(3)),
        row("devices", 2, error(lambda world: world.experiment), tells("method.batch_size makes batches")),
        row("nodes", 2, error(lambda world: world.experiment), tells("the whole graph")),
        row("strategy", "ddp", seen("processes of the group that is joined here", lambda world: [
            options.processes for options in _begun("train_share", world)]), becomes([1])),
    ),
)  # fmt: skip

# With four steps an epoch a schedule that took an epoch for a step would end elsewhere.
STEPS = Component(
    "train in batches", TrainOptions, _steps,
    {"epochs": 2, "optimizer": SGD, "schedule": "constant", "device": "cpu"}, (
        row("schedule", "cosine", COURSE, nearly(_cosine(0.1, 8)[3::4])),
        row("schedule", "one_cycle", COURSE, nearly(_one_cycle(0.1, 8)[3::4])),
        row("devices", 3, seen("processes that are started", lambda world: _begun("launch", world)), becomes([3])),
        row("device", "cuda:0", error(lambda world: world.experiment), tells("for 2 processes"), nodes=2),
        row("nodes", 2, error(lambda world: world.run), tells("torchrun --nnodes=2 --nproc-per-node=1")),
    ),
)  # fmt: skip

OPTIMIZER = Component(
    "optimizer", OptimizerOptions, _optimizer, {"type": "sgd", "lr": 0.1}, (
        row("type", "adam", UPDATE),
        row("type", "adamw", UPDATE, type="adam", weight_decay=0.5),
        row("lr", 0.2, COURSE, nearly([0.2, 0.2])),
        row("lr", 0.2, COURSE, nearly([0.2, 0.2]), type="adamw"),
        row("momentum", 0.5, UPDATE),
        row("nesterov", True, UPDATE),
        row("weight_decay", 0.2, UPDATE),
        row("weight_decay", 0.2, UPDATE, type="adam"),
        row("weight_decay", 0.2, UPDATE, type="adamw"),
    ),
)  # fmt: skip

COMPONENTS = (EXPERIMENT, TRAIN, STEPS, OPTIMIZER)
