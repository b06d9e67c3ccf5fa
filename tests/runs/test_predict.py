"""`avgraph predict`: the test split anew gives the numbers of the run; mistakes are one line and leave nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.config import experiment_from_dict
from avgraph.datasets import Synthetic
from avgraph.errors import DataError
from avgraph.export import read_graphml
from tests.experiments import small_experiment, synthetic_experiment

CLASSES = ("cat", "dog", "bird")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(small_experiment(tmp_path_factory.mktemp("predict")))


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["predict", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


def test_rows(run: avgraph.Run) -> tuple[Path, np.ndarray]:
    folder = run.directory.parents[2]
    split = np.load(folder / "split.npy")
    np.save(folder / "new.npy", np.load(folder / "audio.npy")[split == "test"])
    return folder / "new.npy", np.load(folder / "audio_y.npy")[split == "test"]


test_rows.__test__ = False  # type: ignore[attr-defined]


def test_the_test_split_anew_gives_the_numbers_of_the_run(run: avgraph.Run, tmp_path: Path) -> None:
    file, y = test_rows(run)
    output = tmp_path / "found.parquet"
    code, text = call(run.directory, file, "-o", output)
    assert code == 0
    assert text.splitlines()[-1] == f"wrote {output}"
    table = pq.read_table(output).to_pydict()
    assert list(table) == ["name", "prediction", "probability"]
    assert table["name"] == [str(row) for row in range(len(y))]
    right = [CLASSES.index(found) == number for found, number in zip(table["prediction"], y, strict=True)]
    assert np.mean(right) == pytest.approx(run.metrics["test/accuracy"])
    probability = run.graph["audio", "candidate", "label"].probability.view(-1, 3)[run.graph["audio"].test_mask]
    np.testing.assert_allclose(table["probability"], probability.amax(1), atol=1e-5)


def test_every_format_says_the_same(run: avgraph.Run, tmp_path: Path) -> None:
    file, y = test_rows(run)
    (tmp_path / "names.txt").write_text("\n".join(f"clip {row}" for row in range(len(y))))
    for suffix in ("csv", "json", "graphml"):
        code, _ = call(run.directory, file, "-o", tmp_path / f"f.{suffix}", "--names", tmp_path / "names.txt")
        assert code == 0
    rows = json.loads((tmp_path / "f.json").read_text())["rows"]
    with (tmp_path / "f.csv").open() as opened:
        assert [row["prediction"] for row in csv.DictReader(opened)] == [row["prediction"] for row in rows]
    graph = read_graphml(tmp_path / "f.graphml")
    assert graph["audio"].name == [row["name"] for row in rows] == [f"clip {row}" for row in range(len(y))]
    assert [CLASSES[each] for each in graph["audio"].prediction.tolist()] == [row["prediction"] for row in rows]
    assert graph["audio", "candidate", "label"].edge_index.shape == (2, 3 * len(y))
    code, text = call(run.directory, file, "--json")
    assert [row["prediction"] for row in json.loads(text)["rows"]] == [row["prediction"] for row in rows]


def test_in_python_one_row_as_many(run: avgraph.Run) -> None:
    file, _ = test_rows(run)
    new = np.load(file) + 0.2
    whole = run.predict(new, name=[f"n{row}" for row in range(len(new))])
    assert whole["name"][2] == "n2"
    one = run.predict({"audio": {"x": new[2:3]}})
    assert one["prediction"] == whole["prediction"][2:3]
    assert one["probability"] == pytest.approx(whole["probability"][2:3], abs=1e-5)
    assert not run.model.training


def test_mistakes_are_one_line_and_leave_nothing(run: avgraph.Run, tmp_path: Path) -> None:
    good, output = np.load(test_rows(run)[0]), tmp_path / "found.parquet"
    bad = good.copy()
    bad[3, 1] = np.nan
    for name, rows in (("wide", good[:, :5]), ("nan", bad), ("zero", 0 * good), ("flat", good[0]), ("none", good[:0])):
        np.save(tmp_path / f"{name}.npy", rows)
    (tmp_path / "words.txt").write_text("a\nb\n")
    (tmp_path / "sound.wav").write_bytes(b"RIFF")

    def told(*files: object) -> str:
        code, text = call(run.directory, *(tmp_path / str(file) for file in files), "-o", output)
        assert (code, len(text.splitlines())) == (2, 1), text
        assert not output.exists()
        return text

    assert told("wide.npy") == "audio: expected rows [n, 6], as the run was given, got [15, 5]"
    assert told("nan.npy") == "audio: row 3 is not finite (1 such rows)"
    assert told("zero.npy").startswith("audio.x: row 0 is zero")
    assert told("flat.npy").endswith("flat.npy: expected rows [n, 6], got float32 [6]")
    assert told("none.npy") == "audio: no rows"
    assert told("absent.npy").endswith("absent.npy: no such file")
    assert told("words.txt").endswith("words.txt: expected rows [n, 6], got <U1 [2]")
    assert told("sound.wav").endswith("the run was given rows [n, 6]; only log-mels can be made of a recording")
    assert "alone" in told("sound.wav", "nan.npy")
    code, text = call(run.directory, test_rows(run)[0], "--node", "label")
    assert (code, text) == (2, "--node: no new rows of type 'label'; the run answers: audio")
    code, text = call(run.directory, test_rows(run)[0], "-o", tmp_path / "found.xls")
    assert (code, len(text.splitlines())) == (2, 1)
    with pytest.raises(DataError, match=r"audio\.name: expected one of each row, 15, got 2"):
        run.predict(good, name=["a", "b"])


def test_new_rows_go_through_the_encoders_of_the_run(tmp_path: Path) -> None:
    encoders = "[{type: logmel_modulation}, {type: logmel_modulation, shrinkage: 0.9}]"
    run = avgraph.train(synthetic_experiment(tmp_path, encoders), {"train.epochs": 2})
    audio = Synthetic(classes=3, clips_per_class=10).load()["audio"]
    found = run.predict(audio.x[audio.test_mask])
    names = run.graph["label"].name
    right = [names[int(y)] == each for y, each in zip(audio.y[audio.test_mask], found["prediction"], strict=True)]
    assert np.mean(right) == pytest.approx(run.metrics["test/accuracy"])
    expected = run.graph["audio", "candidate", "label"].probability.view(-1, 3)[audio.test_mask]
    found_edges = found.graph["audio", "candidate", "label"]
    np.testing.assert_allclose(found_edges.probability.view(-1, 3), expected, atol=1e-4)
    with pytest.raises(DataError, match=r"of type uint8, got float32"):
        run.predict(audio.x[:2].float())
    (run.directory / "encoders.pt").rename(tmp_path / "aside")
    with pytest.raises(DataError, match=r"encoders\.pt: no such file; the run keeps no encoders of new rows"):
        avgraph.load_run(run.directory).predict(audio.x[:2])
    (run.directory / "encoders.pt").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"encoders\.pt: not what a run keeps of its encoders"):
        avgraph.load_run(run.directory).predict(audio.x[:2])


def test_of_a_table_the_columns_count_by_their_names(tmp_path: Path, no_figures: None) -> None:
    rng, label = np.random.default_rng(0), np.arange(60) % 3
    x = (4 * np.eye(3, 5)[label] + rng.normal(size=(60, 5))).astype(np.float32)
    frame = pd.DataFrame(x, columns=[f"f{k}" for k in range(5)])
    frame.insert(0, "name", [f"clip {row}" for row in range(60)])
    split = np.array(["train", "train", "test"])[np.arange(60) // 3 % 3]
    frame["y"], frame["split"], frame["length"] = np.array(CLASSES)[label], split, 1.5
    frame.to_csv(tmp_path / "sounds.csv", index=False)
    (tmp_path / "labels.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    nodes = {"audio": {"table": "sounds.csv", "features": ["f*"]}, "label": {"name": "labels.txt"}}
    declared = {
        "dataset": {"type": "files", "root": str(tmp_path), "nodes": nodes},
        "encoders": {"audio": {"type": "logistic_regression"}, "label": {"type": "hashing"}},
        "graph": [{"type": "candidates", "source": "audio", "target": "label", "k": 2}],
        "method": {"type": "rrnet", "hidden_channels": 8},
        "train": {"epochs": 2, "device": "cpu", "threads": 1},
        "output": str(tmp_path / "runs"),
    }
    run = avgraph.train(experiment_from_dict(declared))
    assert run.metrics["data"]["columns"] == {"audio": [f"f{k}" for k in range(5)]}
    expected = run.predict(x)["prediction"]
    assert len(set(expected)) == 3
    turned = frame[frame.columns[::-1]]
    for rows in (frame, turned):
        found = run.predict(rows)
        assert (found["prediction"], found["name"]) == (expected, frame["name"].tolist())
    for suffix, write in (("csv", turned.to_csv), ("parquet", turned.to_parquet)):
        write(tmp_path / f"new.{suffix}", index=False)
        code, text = call(run.directory, tmp_path / f"new.{suffix}", "--json")
        assert code == 0
        rows = json.loads(text)["rows"]
        assert [(row["prediction"], row["name"]) for row in rows] == list(zip(expected, frame["name"], strict=True))
    frame.drop(columns="f3").to_csv(tmp_path / "less.csv", index=False)
    code, text = call(run.directory, tmp_path / "less.csv")
    assert code == 2
    assert text.endswith(
        "less.csv:f3: there is no such column; expected the 5 columns that the run learned from, it has: f0, f1, f2, "
        "f4, length, name, split, y"
    )
    with pytest.raises(DataError, match=r"rows of audio\.f3: there is no such column"):
        run.predict(frame.drop(columns="f3"))
