"""Somebody's own recordings from a folder to the class of new ones: train, predict, the report, what has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import yaml

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.datasets.audio import frames_of, log_mel_columns, log_mel_picture, seconds_of
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import FilesRead
from avgraph.report.media import Media
from avgraph.runs.environment import check_same_data
from avgraph.runs.folder import ENVIRONMENT, read_json
from avgraph.runs.kept_encoders import RowForm
from avgraph.runs.stages import is_of
from avgraph.tools.new_rows import read_rows
from avgraph.tools.predict import predict_files
from tests.datasets.sound_folder import CLASSES, sound, write_sounds, write_table
from tests.logged import Logged


def _declared(root: Path, **dataset: Any) -> dict[str, Any]:
    return {
        "name": "own",
        "output": str(root.parent / "runs"),
        "dataset": {"type": "recordings", "root": str(root), "seconds": 1.0, **dataset},
        "encoders": {"audio": {"type": "logmel_modulation"}, "label": {"type": "hashing"}},
        "graph": [
            {"type": "knn", "node": "audio", "k": 3},
            {"type": "complete", "source": "audio", "target": "label"},
        ],
        "method": {"type": "rrnet"},
        "train": {"epochs": 2, "threads": 1},
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    root = tmp_path_factory.mktemp("own") / "my_sounds"
    write_sounds(root, each=12)
    return avgraph.train(experiment_from_dict(_declared(root)))


def test_a_run_learns_and_says_what_it_has_read(trained: avgraph.Run) -> None:
    assert trained.metrics["test/accuracy"] > 0.8
    root = Path(trained.experiment.dataset.root)  # type: ignore[attr-defined]
    read = read_json(trained.directory / ENVIRONMENT)
    for category in CLASSES:
        for number in range(12):
            assert str(root / category / f"{number}.wav") in str(read), number


def test_a_recording_of_the_run_is_predicted_as_the_run_does(trained: avgraph.Run) -> None:
    root = Path(trained.experiment.dataset.root)  # type: ignore[attr-defined]
    graph = trained.graph
    found = predict_files(trained, [root / name for name in graph["audio"].name]).predictions
    probability = graph["audio", "candidate", "label"].probability.reshape(-1, 3)
    np.testing.assert_allclose(found["probability"], probability.max(1).values, rtol=1e-5)
    assert found["prediction"] == [graph["label"].name[k] for k in probability.argmax(1).tolist()]


def test_files_of_one_name_are_told_apart_and_what_is_cut_is_told(trained: avgraph.Run, logged: Logged) -> None:
    root = Path(trained.experiment.dataset.root)  # type: ignore[attr-defined]
    new = root.parent / "new"
    new.mkdir()
    soundfile.write(new / "long.mp3", sound(1, 40, seconds=1.5, rate=44_100), 44_100)
    soundfile.write(new / "hush.flac", np.zeros(4_000), 16_000)
    files = [root / "dog" / "1.wav", root / "bell" / "1.wav", new / "long.mp3", new / "hush.flac"]
    found = predict_files(trained, files).predictions
    assert found["name"] == [str(files[0]), str(files[1]), "long.mp3", "hush.flac"]
    assert found["prediction"][:3] == ["dog", "bell", "dog"]
    assert [record.message for record in logged.records] == [
        "1 of 4 recordings are silent in the 1 s that are read (hush.flac)",
        "1 of 4 recordings are shorter than half a second (hush.flac)",
        "1 of 4 recordings are longer than the 1 s that are read: their rest is not heard (long.mp3)",
    ]


def test_the_report_plays_and_shows_them(trained: avgraph.Run) -> None:
    media = Media(trained.graph, trained.experiment, room=1_000_000)
    played = media.sounds(["dog/1.wav", "dog/99.wav"])
    assert list(played) == ["dog/1.wav"]
    assert str(played["dog/1.wav"]).startswith("data:audio/ogg;base64,")
    assert str(media.picture("audio", 0)).startswith("data:image/")


def test_every_fold_that_the_table_has(tmp_path: Path) -> None:
    write_table(tmp_path / "my_sounds", write_sounds(tmp_path / "my_sounds"))
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(_declared(tmp_path / "my_sounds", table="sounds.csv")), encoding="utf-8")
    done = avgraph.train_folds(file)
    assert list(done.runs) == [1, 2, 3, 4, 5]
    assert all(run.metrics["data"]["fold"] == fold for fold, run in done.runs.items())


@pytest.mark.parametrize("name", ["dog/1.wav", "dog/new.wav"])
def test_a_recording_that_is_another_or_new_is_noticed(tmp_path: Path, name: str) -> None:
    root = tmp_path / "my_sounds"
    write_sounds(root)
    run = avgraph.train(experiment_from_dict(_declared(root)))
    assert is_of(run.directory, run.experiment, {}, FilesRead())
    check_same_data(run.directory, Provenance.of(run.experiment.dataset.load()))
    soundfile.write(root / name, sound(0, 70), 16_000)
    assert not is_of(run.directory, run.experiment, {}, FilesRead())
    told = "dog/1.wav" if name == "dog/1.wav" else "recordings/"
    with pytest.raises(DataError, match=f"{told} is not what the run has learned from so far; train a new run$"):
        check_same_data(run.directory, Provenance.of(run.experiment.dataset.load()))


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.3, 5.0, 10.0, 30.0])
def test_new_recordings_are_cut_where_those_of_the_run_are(tmp_path: Path, seconds: float) -> None:
    soundfile.write(tmp_path / "a.wav", sound(2, 0, seconds=seconds + 1), 16_000)
    assert seconds_of(frames_of(seconds)) == seconds
    picture = log_mel_picture(tmp_path / "a.wav", seconds)
    assert torch.equal(log_mel_columns(tmp_path / "a.wav", frames_of(seconds)), picture)


def test_log_mels_of_another_type_are_told(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sound(0, 0), 16_000)
    message = r"a\.wav: the run was given rows \[n, 128, 216\]; log-mels that are made of a recording are of type uint8"
    with pytest.raises(DataError, match=message):
        read_rows([tmp_path / "a.wav"], RowForm([128, 216], False))
    with pytest.raises(DataError, match=r"given rows \[n, 6\]; only log-mels can be made of a recording$"):
        read_rows([tmp_path / "a.wav"], RowForm([6], False))
