"""Composed runs: stages are trained once, found again by what they are, continued, and named where they fail."""

import json
import random
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytorch_lightning import LightningModule

import avgraph
from avgraph.config import load_experiment
from avgraph.errors import ConfigError, DataError, Interrupted
from avgraph.io import files_read
from avgraph.io.run_places import newest_first
from avgraph.runs.callbacks import History
from tests.forking import ForkServer
from tests.runs.composed import write_composed

pytestmark = pytest.mark.usefixtures("no_figures")


def stages(folder: Path, name: str = "stage") -> list[Path]:
    return sorted((folder / "runs" / name).glob("*"))


def test_a_stage_is_trained_first_and_found_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_composed(tmp_path)
    whole = avgraph.train(path, quiet=False)
    (stage,) = stages(tmp_path)
    assert json.loads((whole.directory / "stages.json").read_text()) == {"first": str(stage)}
    told = re.sub(r"\(.*?stage\.yaml\)", "(stage.yaml)", capfd.readouterr().err).splitlines()
    assert told[0] == "stage 'first' (stage.yaml): stage is trained"
    assert told[-1].startswith("stage 'first' (stage.yaml): done, ")
    assert (whole.graph["audio"].x == avgraph.load_run(stage).graph["audio"].embedding).all()
    assert whole.graph["text"].name[:2] == ["text 0", "text 1"]
    known = json.loads((whole.directory / "environment.json").read_text())
    assert str(stage / "graph.pt") in known["data"]["files"]
    assert set(known["read"]) == {str(stage / "graph.pt")}
    assert str(tmp_path / "audio.npy") in json.loads((stage / "environment.json").read_text())["read"]
    assert avgraph.evaluate(whole) == {name: value for name, value in whole.metrics.items() if "/" in name}

    again = avgraph.train(path)
    assert (again.metrics, stages(tmp_path)) == (whole.metrics, [stage])
    rows = np.load(tmp_path / "audio.npy")
    np.save(tmp_path / "audio.npy", rows + 1)  # other data, another stage
    other = avgraph.train(path)
    assert len(stages(tmp_path)) == 2
    assert other.metrics != whole.metrics
    np.save(tmp_path / "audio.npy", rows)
    assert avgraph.train(path, {"train.epochs": 0}).directory.parent == whole.directory.parent
    assert len(stages(tmp_path)) == 2  # the first one is of these data again


def test_the_first_finished_run_is_taken_and_a_file_is_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_composed(tmp_path)
    avgraph.train(path)
    (stage,) = stages(tmp_path)
    for name in ("20990101-000000-0000001", "20990101-000001-0000002", "20000101-000000-0000003"):
        shutil.copytree(stage, stage.parent / name)
    other, unfinished = newest_first(stage.parent)[:2]
    (unfinished / "metrics.json").unlink()
    known = json.loads((other / "environment.json").read_text())
    known["read"] = dict.fromkeys(known["read"], "of other data")
    (other / "environment.json").write_text(json.dumps(known))
    opened: list[Path] = []

    def noted(file: str | Path, *given: Any) -> Any:
        opened.append(Path(file))
        return open(file, *given)

    monkeypatch.setattr(files_read, "open", noted, raising=False)
    again = avgraph.train(path)
    assert json.loads((again.directory / "stages.json").read_text()) == {"first": str(stage)}
    assert opened.count(tmp_path / "audio.npy") == 1


def test_a_run_that_stands_already(tmp_path: Path) -> None:
    path = write_composed(tmp_path, **{"{first: stage.yaml}": "runs/stage", "epochs: 4": "epochs: 1"})
    with pytest.raises(ConfigError, match=r"composed\.yaml:4: dataset\.run: .*runs/stage: no such folder; "):
        avgraph.train(path)
    own = avgraph.train(tmp_path / "stage.yaml", {"output": str(tmp_path / "runs"), "train.epochs": 0})
    assert avgraph.train(path).graph["audio"].x.shape == own.graph["audio"].embedding.shape


def stopped_at_second_epoch(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a composed run that was stopped in its own training."""
    inner = History.on_train_epoch_end

    def stopping(self: History, trainer: object, module: LightningModule) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if self.path.parent.parent.name == "composed" and module.current_epoch == 1:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(History, "on_train_epoch_end", stopping)
        with pytest.raises(Interrupted) as stop:
            avgraph.train(path)
    found = re.search(r"avgraph resume (\S+) continues", str(stop.value))
    assert found is not None
    return Path(found[1])


def test_resume_goes_on_with_the_very_stages_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_composed(tmp_path)
    whole = avgraph.train(path)
    (stage,) = stages(tmp_path)
    directory = stopped_at_second_epoch(path, monkeypatch)
    text = (tmp_path / "stage.yaml").read_text()
    (tmp_path / "stage.yaml").write_text(text.replace("epochs: 3", "epochs: 2"))
    with pytest.raises(DataError, match=r"'first' \(.*stage\.yaml\): its configuration or its data have changed since"):
        avgraph.resume(directory)
    (tmp_path / "stage.yaml").write_text(text)
    y = np.load(tmp_path / "y.npy")
    np.save(tmp_path / "y.npy", y[::-1])
    with pytest.raises(DataError, match="its configuration or its data have changed since; train a new run"):
        avgraph.resume(directory)
    np.save(tmp_path / "y.npy", y)
    graph = (stage / "graph.pt").read_bytes()
    (stage / "graph.pt").write_bytes((whole.directory / "graph.pt").read_bytes())
    with pytest.raises(DataError, match=r"graph\.pt is not what the run has learned from so far; train a new run"):
        avgraph.resume(directory)
    (stage / "graph.pt").write_bytes(graph)
    assert stages(tmp_path) == [stage]
    assert avgraph.resume(directory).metrics == whole.metrics


def test_a_stage_that_fails_is_named_and_leaves_the_others_whole(tmp_path: Path) -> None:
    path = write_composed(tmp_path)
    second = (tmp_path / "stage.yaml").read_text().replace("name: stage", "name: second").replace("audio:", "sound:")
    (tmp_path / "second.yaml").write_text(second)
    text = path.read_text().replace("{first: stage.yaml}", "{first: stage.yaml, second: second.yaml}")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"second\.yaml:7: method\.audio: the data set has no node type 'audio'"):
        load_experiment(path, check_files=True)
    (tmp_path / "second.yaml").write_text(second.replace("{type: mltm", "{type: mltm, audio: sound"))
    np.save(tmp_path / "short.npy", np.zeros((2, 5), np.float32))
    (tmp_path / "second.yaml").write_text(
        (tmp_path / "second.yaml").read_text().replace("x: audio.npy", "x: short.npy")
    )
    with pytest.raises(DataError, match=r"^stage 'second' \(.*second\.yaml\): .*y\.npy \(sound\.y\): 24 rows, but"):
        avgraph.train(path)
    assert sorted(place.name for place in (tmp_path / "runs").iterdir()) == ["stage"]
    assert avgraph.load_run(stages(tmp_path)[0]).metrics["experiment"] == "stage"


def test_mistakes_of_stages_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    path = write_composed(tmp_path)
    (tmp_path / "stage.yaml").write_text((tmp_path / "stage.yaml").read_text().replace("epochs: 3", "epochs: x"))
    with pytest.raises(ConfigError, match=r"stage\.yaml:9: train\.epochs: expected a whole number, got 'x'$"):
        avgraph.train(path)
    (tmp_path / "stage.yaml").unlink()
    with pytest.raises(ConfigError, match=r"composed\.yaml:4: dataset\.run\.first: .*stage\.yaml: no such file$"):
        avgraph.train(path)
    path.rename(tmp_path / "stage.yaml")
    chain = r"\S*stage\.yaml -> \S*stage\.yaml"
    with pytest.raises(
        ConfigError, match=rf"stage\.yaml:4: dataset\.run\.first: the experiment is .* itself: {chain}$"
    ):
        avgraph.train(tmp_path / "stage.yaml")
    assert not (tmp_path / "runs").exists()


LONG = {"epochs: 3": "epochs: 25", "epochs: 4,": "epochs: 25,"}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The metrics of a composed run that nobody disturbed, and of its stage."""
    folder = tmp_path_factory.mktemp("unbroken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avgraph.runs.finish.draw_figures", lambda *_: [])
        composed = avgraph.train(write_composed(folder, **LONG)).metrics
    return {"composed": composed, "stage": avgraph.load_run(stages(folder)[0]).metrics}


@pytest.mark.parametrize(
    ("number", "where", "seed"),
    [(signal.SIGKILL, "stage", 0), (signal.SIGTERM, "stage", 1), (signal.SIGKILL, "composed", 2)],
)
def test_killed_in_any_stage_it_ends_with_the_numbers_of_an_unbroken_run(
    tmp_path: Path, fork_server: ForkServer, unbroken: dict[str, object], number: int, where: str, seed: int
) -> None:
    path = write_composed(tmp_path, **LONG)
    if where == "composed":
        avgraph.train(tmp_path / "stage.yaml", {"output": str(tmp_path / "runs")})
    child = fork_server.start(["train", str(path), "--quiet"])
    child.until(lambda: list(tmp_path.glob(f"runs/{where}/*/metrics.jsonl")))
    time.sleep(random.Random(seed).uniform(0, 0.2))
    child.kill(number)
    assert child.wait() == (143 if number == signal.SIGTERM else -9), child.error
    (directory,) = tmp_path.glob("runs/composed/*")
    assert number == signal.SIGKILL or child.error == f"stopped; avgraph resume {directory} continues\n"
    assert not (directory / "metrics.json").exists()
    assert avgraph.resume(directory).metrics == unbroken["composed"]
    (stage,) = stages(tmp_path)
    assert avgraph.load_run(stage).metrics == unbroken["stage"]
