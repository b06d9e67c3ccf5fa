"""Somebody's own recordings as a graph: what is in it, how it is split, what is told of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from avgraph.config import load_experiment
from avgraph.datasets import ESC50, Recordings
from avgraph.datasets.audio import log_mel_picture
from avgraph.errors import ConfigError, DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import sha256_file, sha256_listing
from avgraph.tools import catalog
from tests.datasets.sound_folder import CLASSES, sound, write_sounds, write_table
from tests.logged import Logged


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_sounds(tmp_path / "my_sounds")
    return tmp_path / "my_sounds"


def _fold_table(root: Path, column: str = "fold", leaks: int = 0) -> None:
    write_table(root, [f"{category}/{number}.wav" for category in CLASSES for number in range(5)], column, leaks)


def test_folders_are_classes_and_pictures_are_those_of_the_recordings(root: Path) -> None:
    data = Recordings(root=str(root), seconds=1.0).load()
    audio, label = data["audio"], data["label"]
    assert label.name == list(CLASSES)
    assert audio.name == [f"{category}/{number}.wav" for category in CLASSES for number in range(5)]
    assert audio.source_file == audio.name
    assert audio.y.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert (audio.x.dtype, audio.x.shape) == (torch.uint8, (15, 128, 44))
    for row, name in enumerate(audio.name):
        assert torch.equal(audio.x[row], log_mel_picture(root / name, 1.0))
    assert "fold" not in audio
    files = {name: sha256_file(root / name) for name in audio.name}
    assert Provenance.of(data).files == {**files, "recordings/": sha256_listing(files)}
    assert Provenance.of(data).settings == {"random_split": {"val": 0.1, "test": 0.2, "seed": 0}, "seconds": 1.0}


def test_five_seconds_have_the_shape_of_esc(root: Path) -> None:
    assert Recordings(root=str(root)).load()["audio"].x.shape == (15, 128, 216)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "caf", "au"])
def test_any_format_rate_and_channels(root: Path, suffix: str) -> None:
    wave = sound(0, 9, seconds=1.0, rate=48_000)
    (root / "bell" / "tape").mkdir()
    path = root / "bell" / "tape" / f"new.{suffix}"
    soundfile.write(path, np.stack([wave, wave / 2], axis=1), 48_000)
    data = Recordings(root=str(root), seconds=1.0).load()
    row = data["audio"].name.index(f"bell/tape/new.{suffix}")
    assert data["audio"].y[row] == 0
    assert torch.equal(data["audio"].x[row], log_mel_picture(path, 1.0))


def test_folds_of_a_table(root: Path) -> None:
    _fold_table(root)
    options = Recordings(root=str(root), table="sounds.csv", fold=2, val_fold=3, seconds=0.5)
    assert options.folds() == (1, 2, 3, 4, 5)
    data = options.load()
    audio = data["audio"]
    assert audio.fold.tolist() == [1, 2, 3, 4, 5] * 3
    assert torch.equal(audio.test_mask, audio.fold == 2)
    assert torch.equal(audio.val_mask, audio.fold == 3)
    assert audio.source_file[6] == "dog tape 1"
    assert Provenance.of(data).files is not None
    assert sha256_file(root / "sounds.csv") == dict(Provenance.of(data).files or {})["sounds.csv"]
    first = Recordings(root=str(root), table="sounds.csv", seconds=0.5)
    assert Provenance.of(first.load()).settings["fold"] == 1
    assert Provenance.of(first.model_copy(update={"val_fold": 1}).load()).settings["fold"] == 2
    assert Recordings(root=str(root)).folds() == ()


def test_a_split_of_a_table_and_names(root: Path) -> None:
    _fold_table(root, "split")
    text = (root / "sounds.csv").read_text(encoding="utf-8").splitlines()
    text = [text[0] + ",name,weather", *(f"{line},clip {row},fine" for row, line in enumerate(text[1:]))]
    (root / "sounds.csv").write_text("\n".join(text), encoding="utf-8")
    options = Recordings(root=str(root), table="sounds.csv", seconds=0.5)
    audio = options.load()["audio"]
    assert (int(audio.val_mask.sum()), int(audio.test_mask.sum())) == (3, 3)
    assert audio.name[7] == "clip 7"
    (heard,) = options.listen(["clip 7", "../secret.wav"]).items()
    assert heard[0] == "clip 7"
    assert len(heard[1][0]) == heard[1][1] / 2
    drawn = options.model_copy(update={"random_split": Recordings(root=".", random_split={"test": 0.4}).random_split})
    assert int(drawn.load()["audio"].test_mask.sum()) == 6
    shutil.rmtree(root)
    assert options.listen(["clip 7"]) == {}


@pytest.mark.parametrize("seed", range(4))
def test_whole_recordings_are_drawn_class_by_class(tmp_path: Path, seed: int) -> None:
    names = write_sounds(tmp_path, each=12)
    lines = ["file,class,recording"]
    lines += [f"{name},{name.split('/')[0]},{name.split('/')[0]} {int(Path(name).stem) // 3}" for name in names]
    (tmp_path / "sounds.csv").write_text("\n".join(lines), encoding="utf-8")
    split = {"val": 0.25, "test": 0.25, "seed": seed}
    audio = Recordings(root=str(tmp_path), table="sounds.csv", seconds=0.5, random_split=split).load()["audio"]
    side = torch.stack([audio.train_mask, audio.val_mask, audio.test_mask]).int()
    assert torch.equal(side.sum(0), torch.ones(36, dtype=torch.int32))
    for source in set(audio.source_file):
        rows = [row for row, of in enumerate(audio.source_file) if of == source]
        assert len({int(side[:, row].argmax()) for row in rows}) == 1
    for label in range(3):
        assert side[:, audio.y == label].sum(1).tolist() == [6, 3, 3]


def test_copies_of_a_file_stay_on_one_side(root: Path, logged: Logged) -> None:
    for number in range(1, 5):
        shutil.copy(root / "dog" / "0.wav", root / "dog" / f"{number}.wav")
    shutil.copy(root / "dog" / "0.wav", root / "rain" / "0.wav")
    audio = Recordings(root=str(root), seconds=0.5, random_split={"test": 0.4}).load()["audio"]
    assert audio.source_file[5:11] == ["dog/0.wav"] * 6
    assert len(set(audio.train_mask[5:11].tolist())) == 1
    assert "5 recording(s) are copies of others, 1 of them in another class (dog/1.wav of dog/0.wav" in logged.text
    assert "1 of 3 classes have fewer than 2 recordings to train on (dog)" in logged.text


def test_recordings_on_two_sides_of_given_folds(root: Path, logged: Logged) -> None:
    _fold_table(root, leaks=2)
    options = Recordings(root=str(root), table="sounds.csv", fold=1, seconds=0.5)
    data = options.load()
    assert [leak["source_file"] for leak in data.provenance["leakage"]] == [f"{name} tape 0" for name in CLASSES]
    assert "3 source file(s) of the test fold also occur in other folds" in logged.text
    assert int(options.model_copy(update={"on_leakage": "drop"}).load()["audio"].train_mask.sum()) == 9
    with pytest.raises(DataError, match=r"dataset\.on_leakage: drop leaves their 3 clip"):
        options.model_copy(update={"on_leakage": "error"}).load()


def test_what_holds_little_or_more_than_is_read_is_told(root: Path, logged: Logged) -> None:
    soundfile.write(root / "dog" / "hush.wav", np.full(16_000, 5e-5), 16_000)
    opposite = sound(0, 0)
    soundfile.write(root / "dog" / "opposite.wav", np.stack([opposite, -opposite], 1), 16_000)
    soundfile.write(root / "dog" / "short.wav", sound(0, 0, seconds=0.4), 16_000)
    soundfile.write(root / "dog" / "long.wav", sound(0, 0, seconds=1.2), 16_000)
    soundfile.write(root / "dog" / "exact.wav", sound(0, 0, seconds=1.05), 16_000)
    (root / "dog" / "notes.txt").write_text("mine")
    (root / "dog" / ".hidden.wav").write_text("")
    soundfile.write(root / "loose.wav", sound(0, 0), 16_000)
    for _ in range(2):  # looked at, then from the cache
        logged.records.clear()
        Recordings(root=str(root), seconds=1.0).load()
        assert [record.message for record in logged.records] == [
            f"{root}: left out 2 file(s) without a class or no sounds: loose.wav, dog/notes.txt",
            "2 of 20 recordings are silent in the 1 s that are read (dog/hush.wav, dog/opposite.wav)",
            "1 of 20 recordings are shorter than half a second (dog/short.wav)",
            "1 of 20 recordings are longer than the 1 s that are read: their rest is not heard (dog/long.wav)",
        ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("class", "label"),
            r"sounds\.csv:1: column 'class' is missing; expected file, class, got file, label, fold, ",
        ),
        (("fold", "Folds"), r"sounds\.csv:1: column 'Folds': did you mean 'fold'\?$"),
        (("bell/1.wav", "bell/11.wav"), r"sounds\.csv:3: file: .*bell/11\.wav: no such file; did you mean '1\.wav'\?$"),
        (("bell/1.wav", "dog"), r"sounds\.csv:3: file: .*dog: is a folder, expected a file$"),
        (("bell/1.wav", "bell/0.wav"), r"sounds\.csv:3: file 'bell/0\.wav' is on line 2 already$"),
        ((",bell,2", ",,2"), r"sounds\.csv:3: class is empty$"),
        ((",bell,2", ",bell,two"), r"sounds\.csv:3: fold: expected a whole number from 0, got 'two'$"),
        (("fold", "split"), r"sounds\.csv:2: split: expected train, val or test, got '1'$"),
        (("bell tape 1", " "), r"sounds\.csv:3: recording is empty$"),
        (("bell/1.wav,bell,2,bell tape 1", "bell/1.wav,bell"), r"sounds\.csv:3: expected 4 values, got 2"),
    ],
)
def test_mistakes_in_a_table(root: Path, change: tuple[str, str], message: str) -> None:
    _fold_table(root)
    text = (root / "sounds.csv").read_text(encoding="utf-8").replace(*change, 1)
    (root / "sounds.csv").write_text(text, encoding="utf-8")
    options = Recordings(root=str(root), table="sounds.csv")
    with pytest.raises(DataError, match=message):
        options.load()
    told = [one.problem() for one in options.inputs()]
    assert told[0] is None
    assert told[1] is not None
    with pytest.raises(DataError, match=message):
        raise DataError(told[1])


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable audio file"),
        (b"RIFF and then rubbish", "not a readable audio file"),
        ([], "holds no samples"),
        ([0.0, np.nan], "NaN or infinite"),
    ],
)
def test_recordings_that_cannot_be_used(root: Path, content: bytes | list[float], message: str, folded: bool) -> None:
    _fold_table(root)
    if isinstance(content, bytes):
        (root / "dog" / "3.wav").write_bytes(content)
    else:
        soundfile.write(root / "dog" / "3.wav", np.array(content), 16_000, subtype="FLOAT")
    options = Recordings(root=str(root), table="sounds.csv" if folded else None)
    with pytest.raises(DataError, match=rf"{r'sounds.csv:10: ' if folded else ''}/.*dog/3\.wav: .*{message}"):
        options.load()


def test_folders_that_are_no_classes(tmp_path: Path, root: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist$"):
        Recordings(root=str(tmp_path / "nowhere")).load()
    with pytest.raises(DataError, match=r"bell: no recording in a folder of a class; it has 0\.wav, 1\.wav, 2\.wav and "
                                        r"2 more without a class; expected a folder for each class"):  # fmt: skip
        Recordings(root=str(root / "bell")).load()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: no recording in a folder of a class; expected a folder for each"):
        Recordings(root=str(tmp_path / "empty")).load()
    write_sounds(tmp_path / "one", classes=("dog",))
    with pytest.raises(DataError, match=r"one: expected recordings of at least 2 classes, got 1, 'dog'$"):
        Recordings(root=str(tmp_path / "one")).load()
    (root / "cat").mkdir()
    with pytest.raises(DataError, match=r"my_sounds/cat: no recording of this class; remove it, or name"):
        Recordings(root=str(root)).load()
    (root / "cat" / "a.m4a").write_text("")
    with pytest.raises(DataError, match=r"cat: no recording of this class; it has cat/a\.m4a; sounds end in \.wav, "):
        Recordings(root=str(root)).load()
    for side in ("train", "test"):
        shutil.copytree(root, tmp_path / "sides" / side)
    with pytest.raises(DataError, match=r"its folders are called test, train, as splits or folds are, not classes; "):
        Recordings(root=str(tmp_path / "sides")).load()


def test_mistakes_with_folds(root: Path) -> None:
    _fold_table(root)
    base = Recordings(root=str(root), table="sounds.csv")
    with pytest.raises(DataError, match=r"dataset.fold: no row of fold 9 in .*sounds\.csv; there are 1, 2, 3, 4, 5$"):
        base.model_copy(update={"fold": 9}).load()
    text = (root / "sounds.csv").read_text(encoding="utf-8")
    (root / "sounds.csv").write_text(text.replace("fold", "weather", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"dataset.val_fold: .*sounds\.csv has no column fold$"):
        base.model_copy(update={"val_fold": 1}).load()
    lines = [",".join([*line.split(",")[:2], "fold" if row == 0 else "3"]) for row, line in enumerate(text.split())
             if "," in line]  # fmt: skip
    (root / "sounds.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"sounds\.csv: expected at least 2 folds, one to test on, got 3 alone$"):
        base.load()
    (root / "sounds.xlsx").write_text("")
    with pytest.raises(DataError, match=r"sounds\.xlsx: expected a table, \.csv or \.tsv$"):
        base.model_copy(update={"table": "sounds.xlsx"}).load()


def test_validate_tells_the_line_of_the_experiment(root: Path) -> None:
    file = root.parent / "own.yaml"
    file.write_text("method: {type: rrnet}\nencoders: {audio: {type: logmel_patches}, label: {type: hashing}}\n"
                    "dataset:\n  type: recordings\n  root: my_sounds\n  table: sound.csv\n")  # fmt: skip
    _fold_table(root)
    with pytest.raises(
        ConfigError, match=r"own\.yaml:6: dataset\.table: .*sound\.csv: no such file; did you mean 'sou"
    ):
        load_experiment(file, check_files=True)
    assert load_experiment(file, {"dataset.table": "sounds.csv"}, check_files=True).dataset.folds() == (1, 2, 3, 4, 5)


def test_validate_needs_no_torch(root: Path) -> None:
    _fold_table(root)
    code = """
import sys
from avgraph.datasets import Recordings
for table in (None, "sounds.csv"):
    assert [one.problem() for one in Recordings(root="{root}", table=table).inputs()] == [None, None]
print(sorted({"torch", "soundfile", "torch_geometric", "pandas"} & set(sys.modules)))
""".replace("{root}", str(root))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_esc_points_to_it(root: Path) -> None:
    with pytest.raises(
        DataError, match=r"esc50: .*my_sounds is not this set; .*\(bell, dog, rain\): read them by datas"
    ):
        ESC50(root=str(root)).load()


def test_it_is_described(root: Path) -> None:
    status = catalog.describe("recordings", root)
    assert (status.source, status.clips, status.classes) == ("yours", 15, 3)
    assert "recordings 15 in 3 classes" in str(status)
    assert catalog.describe("recordings", root / "dog").note.startswith(f"{root}/dog: no recording in a folder")
