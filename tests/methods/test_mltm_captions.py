"""m-LTM on captioned recordings, from wavs and tables to metrics and a graph; the published settings as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

import avgraph
from avgraph.config import load_experiment
from avgraph.export import read_graphml
from tests.datasets.caption_folder import audiocaps_folder, clotho_folder

CONFIGS = Path(__file__).parents[2] / "configs" / "mltm"
SMALL = {
    "encoders.text": {"type": "hashing"},
    "dataset.seconds": 0.5,
    "method.hidden_channels": 32,
    "method.shared_channels": 16,
    "train.optimizer.lr": 0.01,
    "train.device": "cpu",
}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.slow
@pytest.mark.parametrize(("dataset", "epochs"), [("audiocaps", 80), ("clotho", 20)])  # with five captions a recording
@pytest.mark.usefixtures("no_figures")
def test_from_recordings_to_a_graph(dataset: str, epochs: int, tmp_path: Path) -> None:
    root = (audiocaps_folder if dataset == "audiocaps" else clotho_folder)(tmp_path / "data")
    changes = {**SMALL, "train.epochs": epochs, "dataset.root": str(root), "output": str(tmp_path / "runs")}
    run = avgraph.train(CONFIGS / f"{dataset}.yaml", changes)
    assert run.metrics["train/cosine/audio_to_text_recall_at_1"] > 0.8  # twelve recordings, learned by heart
    for split in ("val", "test"):
        for score in ("cosine", "cost", "plan"):
            assert 0 <= run.metrics[f"{split}/{score}/text_to_audio_recall_at_1"] <= 1
        assert f"{split}/cosine/audio_to_text_recall_at_10" in run.metrics  # of twenty captions
        assert f"{split}/cosine/text_to_audio_recall_at_5" not in run.metrics  # of four recordings
    assert run.metrics["data"]["dataset"] == dataset
    graph = read_graphml(run.directory / "graph.graphml")
    assert graph["audio"].name == run.graph["audio"].name
    assert float(graph["audio", "coupled", "text"].mass.sum()) == pytest.approx(3, abs=0.1)  # one coupling per split


@pytest.mark.parametrize("dataset", ["audiocaps", "clotho"])
def test_settings_are_the_published_ones(dataset: str) -> None:
    experiment = load_experiment(CONFIGS / f"{dataset}.yaml")
    method, train = experiment.method.arguments(), experiment.train
    assert (method["epsilon"], method["shared_channels"], method["batch_size"], method["dropout"]) == (
        0.05,
        1024,
        256,
        0.2,
    )
    assert (train.epochs, train.optimizer.type, train.optimizer.lr) == (30, "adam", 1e-4)
    assert method["metric"] == "full"
