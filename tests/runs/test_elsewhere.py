"""A finished run on another data set: what it has learned stays, and so do its own numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.errors import ConfigError, DataError, GraphError
from avgraph.runs.finished import load_task
from avgraph.runs.pipeline import build_task
from tests.cli.test_command_results import call, call_json
from tests.runs.composed import write_composed
from tests.wiring.toys import Clips, Scenes, Spaces

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture
def run(tmp_path: Path) -> avgraph.Run:
    write_composed(tmp_path)
    return avgraph.train(tmp_path / "stage.yaml", {"output": str(tmp_path / "runs")})


def other_rows(folder: Path) -> str:
    """Rows of the same width, in another order and elsewhere."""
    for name in ("audio", "y", "split"):
        rows = np.load(folder / f"{name}.npy")[::-1]
        np.save(folder / f"other_{name}.npy", rows + 0.5 if name == "audio" else rows)
    return (
        f"dataset.nodes.audio={{x: {folder}/other_audio.npy, y: {folder}/other_y.npy, split: {folder}/other_split.npy}}"
    )


def test_the_weights_stay_and_the_numbers_lie_beside_those_of_the_run(run: avgraph.Run, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in run.directory.rglob("*") if path.is_file()}
    words = ("evaluate", run.directory, "--set", other_rows(tmp_path))
    found = call_json(*words)
    (file,) = found["files"]
    kept = json.loads(Path(file).read_text())
    assert Path(file).parent == run.directory / "evaluations"
    assert {path: path.read_bytes() for path in before} == before
    assert kept["evaluated_on"]["nodes"]["audio"]["x"] == str(tmp_path / "other_audio.npy")
    assert kept["trained_on"] == run.metrics["data"]
    assert set(kept["data"]["files"]) >= {str(tmp_path / "other_audio.npy"), str(tmp_path / "text.npy")}
    assert found["metrics"] == {name: value for name, value in kept.items() if "/" in name}
    again = avgraph.evaluate_on(run, {"dataset": kept["evaluated_on"]})
    assert (again.metrics, str(again.file)) == (kept, file)
    own = avgraph.evaluate_on(run, {"dataset.nodes.audio.split": str(tmp_path / "split.npy")})
    assert {name: own.metrics[name] for name in run.metrics if "/" in name} == avgraph.evaluate(run)
    code, out, _ = call(*words)
    assert (code, out.splitlines()[-2:]) == (
        0, ["trained on: files; nothing was learned of these data", f"wrote {file}"],
    )  # fmt: skip


def test_what_does_not_fit_is_told(run: avgraph.Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="evaluate: only the data set can be another one, got train; train a new run"):
        avgraph.evaluate_on(run, ["train.epochs=9"])
    with pytest.raises(ConfigError, match="the data set has no node type 'audio'"):
        avgraph.evaluate_on(run, {"dataset": {"type": "filmtrust"}})
    np.save(tmp_path / "audio.npy", np.zeros((24, 6), np.float32))
    with pytest.raises(GraphError, match=r"audio\.x: expected rows \[n, 5\], as the run was trained on, got \[24, 6\]"):
        avgraph.evaluate_on(run, ["dataset.nodes.audio.name=null"])
    assert not (run.directory / "evaluations").exists()


def test_an_encoder_is_given_what_it_was_given(tmp_path: Path) -> None:
    options = {"spoken": "es", "holds": ["audio"]}
    small = {"type": "mltm", "hidden_channels": 4, "shared_channels": 4, "batch_size": 8}
    declared = {
        "name": "spoken", "output": str(tmp_path / "runs"), "graphml": "none", "method": small,
        "dataset": {"type": "stamp_captions", **options}, "train": {"epochs": 1, "device": "cpu", "threads": 1},
        "encoders": {"audio": {"type": "logmel_modulation", "scores": False}, "text": {"type": "hashing"}},
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AVGRAPH_DATA", raising=False)
        patch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache")
        run = avgraph.train(experiment_from_dict(declared))
        other = avgraph.evaluate_on(run, {"dataset.fold": 2}).metrics
        assert (run.metrics["data"]["fold"], other["data"]["fold"]) == (1, 2)
        assert other["test/modality_gap"] != run.metrics["test/modality_gap"]
        with pytest.raises(DataError, match=r"audio: expected rows \[n, 128, 87\] of uint8, .* got \[n, 128, 44\]"):
            avgraph.evaluate_on(run, {"dataset.seconds": 1.0})


def test_a_transductive_method_says_so(tmp_path: Path) -> None:
    toy = {"dataset": {"type": "tests.wiring.toys:Sounds"}, "train": {"epochs": 0, "device": "cpu"}}
    toy["graph"] = [{"type": "complete", "source": "audio", "target": "label", "relation": "candidate"}]
    run = avgraph.train(experiment_from_dict({**toy, "method": {"type": "rrnet"}, "output": str(tmp_path)}))
    with pytest.raises(GraphError, match=r"^method rrnet knows the one graph .* avgraph predict takes new rows$"):
        avgraph.evaluate_on(run, ["dataset.type=esc50"])


def bound(method: dict[str, Any], graph: HeteroData) -> Any:
    train = {"epochs": 2, "device": "cpu"}
    dataset = {"type": "tests.wiring.toys:Clips"}
    experiment = experiment_from_dict({"dataset": dataset, "graph": [], "method": method, "train": train})
    task = build_task(experiment)
    task.bind(graph, experiment.train, 0)
    return task.eval()


def test_lir_scales_other_clips_as_it_scaled_its_own() -> None:
    own, other = Clips().load(), Clips().load()
    task = bound({"type": "lir", "teacher_epochs": 1, "dependencies": "given"}, own)
    before = task.embed()[0]
    other["audio"].train_mask = other["visual"].train_mask = ~own["audio"].train_mask  # a scale of its own would differ
    task.take_graph(other)
    assert torch.allclose(task.embed()[0], before, atol=1e-6)
    assert task.metrics().keys() >= {"test/map_audio_to_visual"}
    fewer = Clips().load()
    fewer["concept"].name = fewer["concept"].name[:6] + fewer["concept"].name[:6]
    with pytest.raises(GraphError, match="lir: expected the 4 classes of the run, got 6 others"):
        task.take_graph(fewer)


def test_cmcr_connects_other_rows_of_its_spaces() -> None:
    task = bound({"type": "cmcr", "channels": 4}, Spaces().load())
    other = Spaces().load()
    del other["text"]
    task.take_graph(other)
    assert task.metrics() == bound_metrics(task, Spaces().load())
    with pytest.raises(GraphError, match="cmcr: no space 'c'; the run connects: a, b"):
        task.take_graph(HeteroData(audio={"x_c": torch.eye(3)}))
    with pytest.raises(GraphError, match=r"audio in space a\.x: expected rows \[n, 6\], .* got \[3, 3\]"):
        task.take_graph(HeteroData(audio={"x_a": torch.eye(3)}))


def bound_metrics(task: Any, graph: HeteroData) -> Any:
    task.take_graph(graph)
    return task.metrics()


def test_mmvae_segments_other_frames_with_its_weights() -> None:
    small = {"type": "mmvae", "size": 64, "width": 2, "audio_encoder": "modulation"}
    task = bound(small, Scenes().load())
    state = {name: value.clone() for name, value in task.state_dict().items()}
    other = Scenes().load()
    other["audio"].x = other["audio"].x.flip(0)
    other["audio"].y = other["audio"].y.clamp_min(0)
    task.take_graph(other)
    assert task.graph is not None
    assert all(torch.equal(value, state[name]) for name, value in task.state_dict().items())
    assert not task.training


@pytest.mark.slow
def test_mmvae_takes_frames_that_are_all_to_test_on_or_none() -> None:
    task = bound({"type": "mmvae", "size": 64, "width": 2, "audio_encoder": "modulation"}, Scenes().load())
    whole, other = task.metrics(), Scenes().load()
    for node in ("clip", "frame"):
        other[node].test_mask = torch.ones_like(other[node].test_mask)
        other[node].train_mask = other[node].val_mask = ~other[node].test_mask
    task.take_graph(other)
    found = task.metrics()
    assert {name for name in whole if name.startswith("test/")} == found.keys()
    other = other.clone()
    other["clip"].class_names = ["others", "than", "those"]
    task.take_graph(other)
    assert found.keys() - task.metrics().keys() == {"test/audio_accuracy"}
    wider = Scenes().load()
    wider["audio"].x = torch.zeros(4, 40, 32, dtype=torch.uint8)
    with pytest.raises(GraphError, match=r"mmvae: the run's sounds are \[32, 32\], those of this data set \[40, 32\]"):
        task.take_graph(wider)
    assert task.graph is other


def test_a_run_is_evaluated_where_it_was_loaded_for(run: avgraph.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def load(directory: Path, experiment: Any, device: str | None = None) -> Any:
        asked.append(device)
        return load_task(directory, experiment, device)

    for module in ("finished", "elsewhere"):
        monkeypatch.setattr(f"avgraph.runs.{module}.load_task", load)
    loaded = avgraph.load_run(run.directory, device="cpu")
    assert avgraph.evaluate(loaded) == avgraph.evaluate(run.directory)
    avgraph.evaluate(loaded, device="auto")
    assert asked == ["cpu", None, "auto"]
    assert loaded in {loaded}
    assert loaded != run
