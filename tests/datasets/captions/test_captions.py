"""AudioCaps and Clotho: both layouts, pairs of recordings and captions, what is refused and where it is said to be."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import torch

from avgraph.datasets import AudioCaps, Clotho
from avgraph.datasets.audio import log_mel_picture
from avgraph.datasets.captions.tables import read_captions
from avgraph.errors import ConfigError, DataError
from tests.datasets.caption_folder import COUNTS, audiocaps_folder, caption_rows, clotho_folder
from tests.logged import Logged


@pytest.mark.usefixtures("no_shared_data")
def test_rows_as_written_here(tmp_path: Path) -> None:
    data = AudioCaps(root=audiocaps_folder(tmp_path), seconds=0.5).load()
    assert data["audio"].name[0] == "train 0_dog"
    assert data["text"].name[0] == 'A dog is heard, then "stops"'


def test_audiocaps(tmp_path: Path) -> None:
    data = AudioCaps(root=audiocaps_folder(tmp_path), seconds=0.5).load()
    audio, text = data["audio"], data["text"]
    assert audio.x.dtype == torch.uint8
    assert audio.x.shape == (20, 128, 1 + 22_050 // 1024)
    assert text.num_nodes == 12 + 5 * 8
    for split, count in COUNTS.items():
        assert int(audio[f"{split}_mask"].sum()) == count
        assert int(text[f"{split}_mask"].sum()) == count * (1 if split == "train" else 5)
    rows = [row for split in COUNTS for row in caption_rows("audiocaps", split)[1:]]
    assert [f"{name}.wav" for name in audio.name] == [row[0] for row in rows]
    assert text.name == [caption.strip() for row in rows for caption in row[1:]]
    assert text.y.tolist() == [number for number, row in enumerate(rows) for _ in row[1:]]
    assert torch.equal(audio.x[13], log_mel_picture(tmp_path / "val" / rows[13][0], 0.5))
    assert data.provenance["source"] == "real"
    assert set(data.provenance["files"]) == {"audio/", *(f"audiocaps_{split}.csv" for split in COUNTS)}


def test_clotho_as_published_and_in_one_folder(tmp_path: Path) -> None:
    published = Clotho(root=clotho_folder(tmp_path / "a"), seconds=0.5).load()
    assert published["text"].y.tolist() == [number for number in range(20) for _ in range(5)]
    flat = tmp_path / "b"
    flat.mkdir()
    for path in (tmp_path / "a").glob("*/*.wav"):
        shutil.copy(path, flat)
    tables = tmp_path / "tables"
    tables.mkdir()
    for split, name in (("train", "development"), ("val", "validation"), ("test", "evaluation")):
        shutil.copy(tmp_path / "a" / f"clotho_captions_{name}.csv", tables / f"clotho_{split}.csv")
    other = Clotho(root=flat, captions=tables, seconds=0.5).load()
    assert torch.equal(other["audio"].x, published["audio"].x)
    assert other["text"].name == published["text"].name
    assert other.provenance["files"]["audio/"] == published.provenance["files"]["audio/"]


def rewrite(path: Path, change: dict[tuple[int, int], str]) -> None:
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for (row, column), value in change.items():
        rows[row][column] = value
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_bad_rows_are_named(tmp_path: Path) -> None:
    root = audiocaps_folder(tmp_path)
    val = root / "audiocaps_val.csv"
    original = val.read_text(encoding="utf-8")
    for change, message in (
        ({(3, 2): " "}, r"audiocaps_val\.csv:4: caption_2 is empty"),
        (
            {(2, 0): "up/a.wav"},
            r"audiocaps_val\.csv:3: file_name: expected the name of a file without folders, got 'up/a",
        ),
        ({(1, 0): ""}, r"audiocaps_val\.csv:2: file_name: expected the name of a file without folders, got ''"),
        ({(0, 0): "name"}, r"audiocaps_val\.csv:1: column 'file_name' is missing; expected file_name and caption"),
    ):
        rewrite(val, change)
        with pytest.raises(DataError, match=message):
            AudioCaps(root=root).load()
        val.write_text(original, encoding="utf-8")
    (tmp_path / "short.csv").write_text("file_name,caption_1,caption_2\na.wav,rain\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"short\.csv:2: caption_2 is empty"):
        read_captions(tmp_path / "short.csv")
    (tmp_path / "empty.csv").write_text("file_name,caption\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"empty\.csv: holds no recordings"):
        read_captions(tmp_path / "empty.csv")
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        read_captions(tmp_path / "none.csv")


def test_missing_recordings_are_named_or_left_out(tmp_path: Path, logged: Logged) -> None:
    root = audiocaps_folder(tmp_path)
    gone = caption_rows("audiocaps", "train")[3][0]
    (root / "train" / gone).unlink()
    text = (
        rf"audiocaps_train\.csv:4: '{gone}' is not in .*train \(1 of 12 are missing\); dataset\.on_missing_audio: drop"
    )
    with pytest.raises(DataError, match=text):
        AudioCaps(root=root, seconds=0.5).load()
    data = AudioCaps(root=root, seconds=0.5, on_missing_audio="drop").load()
    assert "left out recordings that are not there: train 1" in logged.text
    assert len(data["audio"].name) == 19
    assert data["text"].y.max() == 18
    assert "'train': 1" in data.provenance["note"]
    for path in (root / "test").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="audiocaps: none of the 4 recordings of test is in"):
        AudioCaps(root=root, on_missing_audio="drop").load()


def test_a_recording_in_the_folder_of_another_split_is_an_error(tmp_path: Path) -> None:
    root = audiocaps_folder(tmp_path)
    name = caption_rows("audiocaps", "val")[1][0]
    shutil.move(root / "val" / name, root / "train" / name)
    for choice in ("error", "drop"):
        with pytest.raises(DataError, match=rf"audiocaps_val\.csv:2: '{name}' is of val, but lies in .*train"):
            AudioCaps(root=root, on_missing_audio=choice).load()  # type: ignore[arg-type]


def test_one_recording_of_two_splits(tmp_path: Path, logged: Logged) -> None:
    root = clotho_folder(tmp_path)
    train, test = (caption_rows("clotho", split)[1][0] for split in ("train", "test"))
    shutil.copy(root / "development" / train, root / "evaluation" / test)
    data = Clotho(root=root, seconds=0.5).load()
    assert "clotho: 1 recording(s) of the test also occur in other splits" in logged.text
    assert data.provenance["leakage"][0]["other"] == [data["audio"].name[0]]
    for folder in ("development", "validation", "evaluation"):  # all in one: a name can be of one split only
        for path in (root / folder).iterdir():
            shutil.move(path, root / path.name)
        (root / folder).rmdir()
    rewrite(root / "clotho_captions_evaluation.csv", {(2, 0): train})
    message = (
        r"evaluation\.csv:3: .* is in clotho_captions_development\.csv:2 too; give every split its folder: development"
    )
    with pytest.raises(DataError, match=message):
        Clotho(root=root, seconds=0.5).load()


@pytest.mark.usefixtures("no_shared_data")
def test_nothing_there_and_wrong_options(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"audiocaps: no recordings in .*; set dataset\.root to their folder"):
        AudioCaps().load()
    with pytest.raises(
        DataError, match=r"clotho: no clotho_train\.csv or clotho_captions_development\.csv in .*captions"
    ):
        Clotho(root=tmp_path).load()
    with pytest.raises(ConfigError, match=r"AudioCaps: seconds: expected a number above 0, got 0"):
        AudioCaps(root=tmp_path, seconds=0)
