"""Validation during training: what is measured, which epoch is kept, when training stops; a kill changes nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch_geometric.data import HeteroData

import avgraph
from avgraph.cli import main
from avgraph.errors import DataError, GraphError
from avgraph.methods.task import Task
from avgraph.runs import callbacks
from avgraph.runs.selection import Rule, rule_of
from avgraph.runs.validation import measured
from tests.experiments import small_experiment
from tests.forking import ForkServer
from tests.killing import killed_run
from tests.wiring import toys
from tests.wiring.worlds import CPU, MethodWorld

pytestmark = pytest.mark.usefixtures("no_figures")

CHOOSES = "\n  measure_every: 1\n  keep: best\n  patience: 8"
KEPT = ("metrics.json", "metrics.jsonl", "metrics.csv")
TOYS = {
    "Validated": {"type": "rrnet", "hidden_channels": 4},
    "Rated": {"type": "rrnet_ratings", "hidden_channels": 4},
    "Clips": {"type": "lir", "hidden_channels": 8, "layers": 1, "interaction_weight": 0.0},
    "Captions": {"type": "mltm", "hidden_channels": 6, "shared_channels": 4, "batch_size": 6},
    "Spaces": {"type": "cmcr", "hidden_channels": 6, "channels": 4, "batch_size": 8, "edges_per_item": 0},
    "Scenes": {"type": "mmvae", "width": 4, "neck_channels": 4, "audio_channels": 8, "attention_channels": 4},
}


def choosing(folder: Path, **replace: str) -> Path:
    """Forty epochs of a rate that is too high, of which the best is kept."""
    swaps = {"lr: 0.01": "lr: 0.05", "epochs: 30": "epochs: 40", "checkpoint_every: 3": f"checkpoint_every: 7{CHOOSES}"}
    return small_experiment(folder, **swaps, **replace)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avgraph.runs.finish.draw_figures", lambda *_: [])
        return avgraph.train(choosing(tmp_path_factory.mktemp("whole")))


def history(run: avgraph.Run | Path) -> list[dict[str, Any]]:
    directory = run if isinstance(run, Path) else run.directory
    return [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]


def weights(path: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(path, weights_only=True)["state_dict"]
    return found


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_run_ends_with_the_weights_of_the_best_epoch(whole: avgraph.Run) -> None:
    lines, selected = history(whole), whole.metrics["selected"]
    values = [line["val/accuracy"] for line in lines]
    assert selected == {"epoch": values.index(max(values)), "metric": "val/accuracy", "value": max(values)}
    for name, value in lines[selected["epoch"]].items():
        assert not name.startswith("val/") or whole.metrics[name] == value
    assert avgraph.evaluate(whole) == {name: value for name, value in whole.metrics.items() if "/" in name}
    last, best = (weights(whole.directory / "checkpoints" / f"{name}.ckpt") for name in ("last", "best"))
    assert not equal(last, best)
    assert equal(best, dict(whole.model.state_dict()))


def test_training_stops_where_nothing_better_comes(whole: avgraph.Run) -> None:
    epochs = len(history(whole))
    assert epochs == whole.metrics["selected"]["epoch"] + 1 + 8 < 40
    assert whole.metrics["stopped_after"] == epochs


def test_nothing_of_the_test_is_in_the_history(whole: avgraph.Run) -> None:
    assert not [name for line in history(whole) for name in line if name.startswith("test/")]


def test_the_table_holds_what_the_history_does(whole: avgraph.Run) -> None:
    with (whole.directory / "metrics.csv").open(newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows == history(whole)


def test_the_terminal_says_which_epoch_it_is(whole: avgraph.Run) -> None:
    output = CliRunner().invoke(main, ["evaluate", str(whole.directory)]).output
    epoch, value = whole.metrics["selected"]["epoch"], whole.metrics["selected"]["value"]
    assert f"weights: after epoch {epoch + 1}, the best by val/accuracy, {value:.4f}\n" in output
    assert f"training: stopped after epoch {epoch + 9}, as nothing better came" in output


def test_labels_of_the_test_change_nothing_that_is_chosen(whole: avgraph.Run, tmp_path: Path) -> None:
    path = choosing(tmp_path)
    y, test = np.load(tmp_path / "audio_y.npy"), np.load(tmp_path / "split.npy") == "test"
    np.save(tmp_path / "audio_y.npy", np.where(test, (y + 1) % 3, y))
    poisoned = avgraph.train(path)
    assert history(poisoned) == history(whole)
    assert poisoned.metrics["selected"] == whole.metrics["selected"]
    assert poisoned.metrics["test/accuracy"] != whole.metrics["test/accuracy"]
    for name in ("best", "last"):
        places = [run.directory / "checkpoints" / f"{name}.ckpt" for run in (poisoned, whole)]
        assert equal(*map(weights, places))


def test_killed_and_resumed_is_as_unbroken(whole: avgraph.Run, tmp_path: Path, fork_server: ForkServer) -> None:
    as_unbroken(avgraph.resume(killed_run(fork_server, choosing(tmp_path), 11)), whole)


@pytest.mark.parametrize("wrote", ["best.ckpt", "last.ckpt"])
def test_broken_off_between_the_checkpoints_it_ends_as_unbroken(
    wrote: str, whole: avgraph.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the best weights of an epoch, before the others of it, and behind both."""
    save, epoch = callbacks.save_checkpoint, whole.metrics["selected"]["epoch"]

    def breaks(trainer: Any, path: Path, **options: Any) -> None:
        save(trainer, path, **options)
        if trainer.current_epoch == epoch and path.name == wrote:
            raise ConnectionError("broken off")

    path = choosing(tmp_path)
    monkeypatch.setattr(callbacks, "save_checkpoint", breaks)
    with pytest.raises(ConnectionError):
        avgraph.train(path)
    monkeypatch.setattr(callbacks, "save_checkpoint", save)
    (directory,) = tmp_path.glob("runs/small/*")
    as_unbroken(avgraph.resume(directory), whole)


def test_a_run_that_had_stopped_does_not_train_on(whole: avgraph.Run, tmp_path: Path) -> None:
    run = avgraph.train(choosing(tmp_path))
    (run.directory / "metrics.json").unlink()
    as_unbroken(avgraph.resume(run.directory), whole)


def as_unbroken(run: avgraph.Run, whole: avgraph.Run) -> None:
    for name in KEPT:
        assert (run.directory / name).read_bytes() == (whole.directory / name).read_bytes(), name
    for name in ("best", "last"):
        places = [found.directory / "checkpoints" / f"{name}.ckpt" for found in (run, whole)]
        assert equal(*map(weights, places)), name


def test_best_weights_of_another_epoch_are_told(tmp_path: Path) -> None:
    run = avgraph.train(choosing(tmp_path))
    path = run.directory / "checkpoints" / "best.ckpt"
    torch.save({**torch.load(path, weights_only=True), "epoch": 39}, path)
    (run.directory / "metrics.json").unlink()
    with pytest.raises(DataError, match=r"best\.ckpt: expected the weights of epoch \d+, the best one, got those of"):
        avgraph.resume(run.directory)


def test_measuring_changes_no_weight(tmp_path: Path) -> None:
    """Dropout draws from the random state that measuring leaves alone, and its mode comes back."""
    found = []
    for every in ("0", "1"):
        (tmp_path / every).mkdir()
        path = small_experiment(tmp_path / every, **{"epochs: 30": f"epochs: 4\n  measure_every: {every}"})
        found.append(weights(avgraph.train(path).directory / "checkpoints" / "last.ckpt"))
    assert equal(*found)


@pytest.mark.slow
@pytest.mark.parametrize("toy", TOYS)
def test_every_method_measures_one_split_as_it_does_in_the_end(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every label of the test is another one: what is measured cannot know them."""
    load = getattr(toys, toy).load

    def prepared(self: Any, poison: bool) -> HeteroData:
        data: HeteroData = load(self)
        labels = [(store, "mask" if toy == "Scenes" else "y") for store in data.node_stores if "test_mask" in store]
        labels += [(store, "rating") for store in data.edge_stores if "rating" in store]
        for store, label in labels:
            if not bool(store.get("val_mask", torch.zeros(1)).any()):
                test = store.test_mask
                store.val_mask = test & (test.cumsum(0) % 2 == 0)
                store.test_mask = test & ~store.val_mask
            if poison and label in store:
                value, test = store[label].clone(), store.test_mask
                value[test] = 1 - value[test] if toy == "Scenes" else value[~store.val_mask][-1]
                store[label] = value
        return data

    monkeypatch.setattr(getattr(toys, toy), "load", lambda self: prepared(self, False))
    world = MethodWorld(toy, TOYS[toy], {**CPU, "measure_every": 1})
    learned = {name: value.clone() for name, value in world.task.state_dict().items()}
    world.task.train()
    found = measured(world.task)
    assert world.task.training
    assert equal(learned, dict(world.task.state_dict()))
    final = world.task.eval().metrics()
    assert found == pytest.approx({name: final[name] for name in found}, nan_ok=True)
    assert any(name.startswith("test/") for name in final)
    assert {name.split("/")[0] for name in found} == {"val"}
    assert world.history[-1].items() >= found.items()

    monkeypatch.setattr(getattr(toys, toy), "load", lambda self: prepared(self, True))
    poisoned = MethodWorld(toy, TOYS[toy], CPU).bound
    poisoned.load_state_dict(learned)
    assert measured(poisoned) == found
    assert poisoned.eval().metrics() != final


def test_the_teacher_of_lir_is_never_the_best_and_later_snapshots_are_not_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = toys.Clips.load

    def with_val(self: Any) -> HeteroData:
        data = load(self)
        for store in data.node_stores:
            if "test_mask" in store:
                store.val_mask, store.test_mask = store.test_mask, torch.zeros_like(store.test_mask)
        return data

    monkeypatch.setattr(toys.Clips, "load", with_val)
    options = {"type": "lir", "hidden_channels": 8, "layers": 1, "teacher_epochs": 3, "interaction_weight": 9.0}
    train = {**CPU, "epochs": 5, "measure_every": 1, "keep": "best", "goal": "min"}
    world = MethodWorld("Clips", {**options, "dependencies": "given", "restarts": 1, "snapshot_epochs": [1, 4]}, train)
    values = [line["val/map"] for line in (world.task, world.history)[1]]
    assert min(values[:3]) < min(values[3:])  # it would be, by its number
    assert world.task.teacher.ready
    assert world.data["concept"].snapshot_epochs == ([1] if values[3] <= values[4] else [1, 4])


def test_what_has_no_rows_to_validate_on_is_told(tmp_path: Path) -> None:
    path = choosing(tmp_path)
    split = np.load(tmp_path / "split.npy")
    np.save(tmp_path / "split.npy", np.where(split == "val", "train", split))
    with pytest.raises(
        DataError, match=r"train\.measure_every: the data set 'files' has no validation rows to measure; give it"
    ):
        avgraph.train(path)
    assert not (tmp_path / "runs").exists()


def test_a_metric_that_is_not_measured_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.monitor: rrnet measures no 'val/acuracy' here; did you mean 'val/acc"):
        avgraph.train(choosing(tmp_path), {"train.monitor": "val/acuracy"})


def test_epochs_that_may_not_be_chosen_are_told() -> None:
    options = {"type": "lir", "hidden_channels": 8, "teacher_epochs": 4, "dependencies": "given"}
    world = MethodWorld("Clips", options, {**CPU, "epochs": 5, "measure_every": 2, "keep": "best"})
    with pytest.raises(DataError, match=r"expected a measurement after epoch 4, from which on lir is what it is to be"):
        rule_of(world.experiment, ["val/map"])


def test_a_metric_that_is_never_a_number_chooses_nothing() -> None:
    lines = [{"epoch": 0, "val/map": float("nan")}, {"epoch": 1}, {"epoch": 2, "val/map": float("nan")}]
    rule = Rule("val/map", larger=True, patience=2)
    assert rule.best(lines) is None
    assert rule.ends(lines)


class Silent(Task):
    """A method of a user that has not heard of validation."""

    def bind(self, graph: HeteroData, train: Any, seed: int) -> None:
        super().bind(graph, train, seed)
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch: Any, batch_index: int) -> torch.Tensor:
        return self.weight.sum()

    def metrics(self) -> dict[str, float]:
        return {"val/right": 1.0, "test/right": 1.0}

    def annotated(self) -> HeteroData:
        return self.graph.clone()


class Telling(Silent):
    """One that measures, and gets worse."""

    def measure(self, split: str) -> dict[str, float]:
        return {f"{split}/error": float(self.weight)}


def test_a_method_that_cannot_measure_one_split_is_told(tmp_path: Path) -> None:
    path = choosing(tmp_path)
    method = {"type": "tests.runs.test_validation:Silent"}
    with pytest.raises(GraphError, match=r"Silent measures no split by itself: it has no measure\(split\)"):
        avgraph.train(path, {"method": method})
    found = avgraph.train(path, {"method": {"type": "tests.runs.test_validation:Telling"}, "train.goal": "max"})
    assert found.metrics["selected"]["metric"] == "val/error"
    assert (found.metrics["selected"]["epoch"], found.metrics["stopped_after"]) == (0, 9)
