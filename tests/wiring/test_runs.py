"""What is wired around the options: the command line's short forms, what a run checks, says and computes again."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
import torch
import yaml
from click.testing import CliRunner
from torch_geometric.data import HeteroData

import avgraph
from avgraph.cli import main
from avgraph.cli.printing import print_run
from avgraph.config import experiment_from_dict
from avgraph.encoders import EncodeContext
from avgraph.errors import DataError, GraphError
from avgraph.graph.provenance import Provenance
from avgraph.methods.mltm import MLTMTask
from avgraph.methods.rrnet import RrnetOptions, RRNetTask
from avgraph.options.train import TrainOptions
from avgraph.runs.checks import Outcome, run_checks
from avgraph.runs.finished import Run, load_task
from avgraph.runs.folder import new_run
from avgraph.runs.pipeline import build_task
from avgraph.runs.run import train_in
from avgraph.transforms.corrupt_edges import corrupted_targets
from tests.wiring.runs import GRAPH, RRNET
from tests.wiring.worlds import MethodWorld

DECLARED = {
    "name": "short",
    "dataset": {"type": "tests.wiring.toys:Names"},
    "graph": GRAPH,
    "method": RRNET,
    "train": {"epochs": 2, "device": "auto"},
}
# Option of `avgraph train` → value, the key it stands for (None: not of the configuration) and what is there then.
SHORT = {
    "--set": ("method.hidden_channels=5", "method.hidden_channels", 5),
    "--device": ("cpu", "train.device", "cpu"),
    "--precision": ("64-true", "train.precision", "64-true"),
    "--seed": ("7", "seed", 7),
    "--output": ("there", "output", "there"),
}
NO_KEY = {
    "--folds": "makes several runs: test_folds_on_the_command_line",
    "--seeds": "makes several runs: tests/runs/test_seeds.py",
    "--quiet": "hides a bar that only a terminal shows",
    "--json": "changes what is printed alone: tests/test_command_results.py",
}


def file(folder: Path) -> Path:
    """The declared experiment as a file."""
    path = folder / "short.yaml"
    path.write_text(yaml.safe_dump(DECLARED), encoding="utf-8")
    return path


def test_every_option_of_train_on_the_command_line_has_a_row() -> None:
    options = {word for p in main.commands["train"].params if isinstance(p, click.Option) for word in p.opts}
    assert options == SHORT.keys() | NO_KEY.keys()


def test_short_options_are_the_keys_that_they_stand_for(sandbox: Path) -> None:
    words = [word for option, (value, _, _) in SHORT.items() for word in (option, value)]
    done = CliRunner().invoke(main, ["train", str(file(sandbox)), *words])
    assert done.exit_code == 0, done.output
    (path,) = Path("there").glob("short/*/config.yaml")
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    for option, (_, key, expected) in SHORT.items():
        value, declared = written, DECLARED
        for part in key.split("."):
            value, declared = value[part], declared.get(part, {}) if isinstance(declared, dict) else {}
        assert value == expected, option
        assert declared != expected, f"{option}: the file says so already"
    run = avgraph.load_run(path.parent)
    assert next(iter(torch.load(path.parent / "checkpoints/last.ckpt")["state_dict"].values())).dtype == torch.float64
    assert next(load_task(run.directory, run.experiment).parameters()).dtype == torch.float64
    again = avgraph.evaluate(run)
    assert again == {name: value for name, value in run.metrics.items() if "/" in name}
    assert {"train/accuracy", "test/accuracy"} <= again.keys()


def test_folds_on_the_command_line(sandbox: Path) -> None:
    words = ["--folds", "2,3", "--output", "by_fold", "--set", "train.epochs=0", "--set", "dataset.fold=1"]
    done = CliRunner().invoke(main, ["train", str(file(sandbox)), *words])
    assert done.exit_code == 0, done.output
    folds = {
        path.parent.name: yaml.safe_load(path.read_text()) for path in Path("by_fold").glob("short/*/*/config.yaml")
    }
    assert {name: written["dataset"]["fold"] for name, written in folds.items()} == {"fold-2": 2, "fold-3": 3}


class Broken:
    """A data set whose audio features are what they may not be."""

    def __init__(self, features: str) -> None:
        self.features = features

    def load(self) -> HeteroData:
        """One row is not finite, or all are raw."""
        x = torch.ones(3, 2)
        x[1, 0] = torch.nan
        return HeteroData(audio={} if self.features == "none" else {"x": x if self.features == "nan" else x.bool()})


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("nan", r"node type 'audio': row 1 of x is not finite \(1 such rows\)"),
        ("raw", r"'audio' has raw input \(3, 2\) torch\.bool; declare an encoder for it, as encoders\.audio"),
        ("none", r"encoders: node type 'audio' has no features; declare an encoder for it"),
    ],
)  # fmt: skip
def test_features_are_checked_before_training(features: str, message: str) -> None:
    dataset = {"type": "tests.wiring.test_runs:Broken", "features": features}
    with pytest.raises(GraphError, match=message):
        avgraph.train(experiment_from_dict({**DECLARED, "dataset": dataset}))


def test_leakage_and_notes_are_told_beside_the_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    leak = {"source_file": "777", "test": ["a"], "other": ["b"]}
    data = {"source": "real", "dataset": "esc50", "note": "reconstructed", "leakage": [leak]}
    experiment = experiment_from_dict(DECLARED)
    checks = run_checks(Outcome({}, [], data=Provenance.of({"provenance": data})))
    print_run(Run(Path("runs/x"), experiment, {"test/accuracy": 0.5, "data": data, "checks": checks}))
    told = capsys.readouterr().out
    assert "check A06: source files in more than one fold: 777" in told
    assert "note: reconstructed" in told
    assert "data: esc50" in told
    print_run(Run(Path("runs/x"), experiment, {"test/accuracy": 0.5, "data": {**data, "source": "synthetic"}}))
    assert "data: SYNTHETIC stand-in" in capsys.readouterr().out


def test_a_task_has_the_seed_of_its_run_when_it_is_loaded_again(sandbox: Path) -> None:
    method = {"type": "mltm", "hidden_channels": 6, "shared_channels": 4, "batch_size": 6, "noise": 1.0}
    dataset = {"type": "tests.wiring.toys:Captions"}
    run = avgraph.train(
        experiment_from_dict({**DECLARED, "seed": 5, "dataset": dataset, "graph": None, "method": method})
    )
    found = []
    for other in (1, 2):
        torch.manual_seed(other)
        task = load_task(run.directory, run.experiment)
        assert isinstance(task, MLTMTask)
        assert task.seed == 5
        found.append(task.pairs.text)
    sounds = run.graph["audio"]
    own = sounds.y[sounds.train_mask]
    assert torch.equal(found[0], corrupted_targets(own, "shuffled", 1.0, 5))
    assert torch.equal(found[1], found[0])


def test_a_run_shows_the_graph_that_its_method_made(sandbox: Path) -> None:
    run = avgraph.train(experiment_from_dict({**DECLARED, "graph": None}))
    told = yaml.safe_load((run.directory / "config.yaml").read_text())["graph"]
    assert [(step["type"], step["k"]) for step in told] == [("knn", 10), ("knn", 2), ("candidates", 20)]
    edges = run.graph["audio", "candidate", "label"]
    assert edges.edge_index.shape[1] == 20 * 24


def test_a_run_that_goes_on_checks_its_device_again(sandbox: Path) -> None:
    experiment = experiment_from_dict({**DECLARED, "train": {"epochs": 1, "device": "cuda:99"}})
    with new_run(experiment) as directory, pytest.raises(DataError, match=r"train\.device: 'cuda:99' is not on this"):
        train_in(directory, experiment)


class Told:
    """A user's encoder that encodes the seed it was given."""

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext) -> HeteroData:
        """Two columns of it."""
        data[node].x = torch.full((data[node].num_nodes, 2), float(context.seed)) + torch.eye(data[node].num_nodes, 2)
        return data


def test_the_seed_reaches_the_encoders_and_the_method(sandbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[int] = []
    bind = RRNetTask.bind

    def noted(task: RRNetTask, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        bound.append(seed)
        bind(task, graph, train, seed)

    monkeypatch.setattr(RRNetTask, "bind", noted)
    told = {"label": {"type": f"{__name__}:Told"}}
    run = avgraph.train(experiment_from_dict({**DECLARED, "seed": 5, "encoders": told}))
    assert float(run.graph["label"].x.min()) == 5
    assert bound == [5]


def test_the_draws_of_a_step_are_of_the_seed() -> None:
    losses = []
    for seed in (0, 5):  # equal weights, as the world binds with a seed of its own
        world = MethodWorld("Sounds", {**RRNET, "dropout": 0.5, "baseline_logit": False}, graph=GRAPH)
        world.declared["seed"] = seed
        assert world.task
        losses.append(world.history[0]["train/loss"])
    assert losses[0] != losses[1]


class Older(RRNetTask):
    """A user's method as it was written before the seed was passed."""

    def __init__(self) -> None:
        super().__init__(RrnetOptions())

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:  # type: ignore[override]
        """Without a seed."""


def test_a_bind_without_a_seed_is_told_before_the_data_are_loaded() -> None:
    experiment = experiment_from_dict({**DECLARED, "method": {"type": f"{__name__}:Older"}})
    with pytest.raises(GraphError, match=r"method: expected Older\.bind\(graph, train, seed\)"):
        build_task(experiment)
