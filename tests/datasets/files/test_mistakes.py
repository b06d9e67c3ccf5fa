"""What a newcomer gets wrong with `type: files`, and the line that says so: what was expected, what came, where."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from avgraph.config import load_experiment
from avgraph.encoders.context import DEFAULT_CONTEXT
from avgraph.errors import AvgraphError
from avgraph.runs.pipeline import build_graph, build_task

CLASSES = ["cat", "dog", "bird"]
Y = [CLASSES[row % 3] for row in range(18)]
SPLIT = [("train", "val", "test")[row // 3 % 3] for row in range(18)]
Change = Callable[[Path, dict[str, Any]], object]


def lines(name: str, values: list[str]) -> Change:
    return lambda folder, _: (folder / name).write_text("".join(f"{value}\n" for value in values), encoding="utf-8")


def array(name: str, value: Any) -> Change:
    return lambda folder, _: np.save(folder / name, value)


def raw(name: str, content: bytes) -> Change:
    return lambda folder, _: (folder / name).write_bytes(content)


def audio(**files: str | None) -> Change:
    return lambda _, declared: declared["dataset"]["nodes"]["audio"].update(files)


def labels(value: Any) -> Change:
    return both(array("y.npy", np.asarray(value)), audio(y="y.npy"))


def splits(value: Any) -> Change:
    return both(array("s.npy", np.asarray(value)), audio(split="s.npy"))


def label(**files: str | None) -> Change:
    return lambda _, declared: declared["dataset"]["nodes"]["label"].update(files)


def option(part: str, **values: Any) -> Change:
    return lambda _, declared: declared[part].update(values)


def edges(**files: str) -> Change:
    edge = {"source": "audio", "relation": "hears", "target": "label", "index": "e.npy"} | files
    return lambda _, declared: declared["dataset"].update(edges=[edge])


def both(*changes: Change) -> Change:
    return lambda folder, declared: [change(folder, declared) for change in changes]


def graph_of(folder: Path, change: Change) -> Any:
    """The graph of an experiment with a change to its files or its text, as far as a method can begin on it."""
    rng = np.random.default_rng(0)
    np.save(folder / "audio.npy", rng.normal(size=(18, 4)))
    np.save(folder / "label.npy", rng.normal(size=(3, 4)))
    lines("y.txt", Y)(folder, {})
    lines("split.txt", SPLIT)(folder, {})
    lines("label.txt", CLASSES)(folder, {})
    declared: dict[str, Any] = {
        "dataset": {
            "type": "files",
            "root": ".",
            "nodes": {
                "audio": {"x": "audio.npy", "y": "y.txt", "split": "split.txt"},
                "label": {"x": "label.npy", "name": "label.txt"},
            },
        },
        "graph": [{"type": "knn", "node": "audio", "k": 3}, {"type": "complete", "source": "audio", "target": "label"}],
        "method": {"type": "rrnet"},
    }
    change(folder, declared)
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    experiment = load_experiment(path, check_files=True)
    task = build_task(experiment)
    graph = build_graph(experiment, task, DEFAULT_CONTEXT)
    task.bind(graph, experiment.train, 0)
    return graph


ONE_HOT = np.eye(3)[np.arange(18) % 3]
MISTAKES: dict[str, tuple[Change, str]] = {
    # Labels.
    "a label that no class has": (
        lines("y.txt", [*Y[:7], "dogg", *Y[8:]]),
        r"y\.txt \(audio\.y\): row 7: no class 'dogg' in \S+label\.txt \(label\.name\); did you mean 'dog'\?$",
    ),
    "another case": (lines("y.txt", [y.upper() for y in Y]), r"row 0: no class 'CAT' in .*; did you mean 'cat'\?$"),
    "a blank after a label": (lines("y.txt", ["cat ", *Y[1:]]), "row 0: no class 'cat ' in .*did you mean 'cat'"),
    "labels of another world": (
        lines("y.txt", ["xylophone"] * 18),
        "no class 'xylophone' in .*; it has cat, dog, bird$",
    ),
    "an empty label": (
        lines("y.txt", [*Y[:4], "", *Y[5:]]),
        r"y\.txt \(audio\.y\): row 4: empty; no class of .*label\.txt",
    ),
    "an empty last line": (lines("y.txt", [*Y, ""]), "19 rows, but .*has 18; its last line is empty$"),
    "a name twice": (
        lines("label.txt", ["cat", "dog", "cat"]),
        r"label\.txt \(label\.name\): row 2: 'cat' again, as in row 0; names of classes must differ$",
    ),
    "a name that is empty": (
        both(lines("label.txt", ["cat", "dog", "bird", ""]), array("label.npy", np.eye(4))),
        r"label\.txt \(label\.name\): row 3: the line is empty; expected the name of a class",
    ),
    "a class without a training row": (
        both(lines("label.txt", [*CLASSES, "fish"]), array("label.npy", np.eye(4))),
        "no training example of class 'fish'",
    ),
    "numbers that are no classes": (
        labels([10**12] + [0] * 17),
        r"y\.npy \(audio\.y\): row 0: expected a class from 0 to 2, got 1000000000000$",
    ),
    "classes from 1": (
        labels(np.arange(18) % 3 + 1),
        "from 0 to 2, got 3; classes count from 0$",
    ),
    "numbers that are not whole": (
        labels(np.full(18, 0.5)),
        "row 0: expected a whole number, got 0.5",
    ),
    "NaN for no label": (
        labels([0.0, np.nan] + [1.0] * 16),
        "row 1: expected a whole number, got nan",
    ),
    "-1 for no label": (
        labels([-1] + [0] * 17),
        "row 0: expected a class from 0 to 2, got -1",
    ),
    "several classes a row": (
        labels(ONE_HOT + np.eye(18, 3, k=-4)),
        r"row 4: expected .*(a single 1 \(one class per row\), got 2 of them|one-hot rows)",
    ),
    "probabilities for labels": (
        labels(ONE_HOT * 0.9),
        "row 0: expected one-hot rows of 0 and 1, got 0.9",
    ),
    "one-hot of another width": (
        labels(np.eye(5)[np.arange(18) % 5]),
        "row 3: expected a class from 0 to 2, got 3",
    ),
    "labels of fewer rows": (
        lines("y.txt", Y[:17]),
        r"y\.txt \(audio\.y\): 17 rows, but \S+audio\.npy \(audio\.x\) has 18",
    ),
    "no labels": (
        audio(y=None),
        r"own\.yaml:\d+: dataset\.nodes\.audio\.y: missing; method rrnet needs the class of each row",
    ),
    "labels the target has no names for": (
        both(label(name=None), audio(y="y.txt")),
        "'label' nodes have no classes \\(y\\): give them the names that the y of 'audio' uses, or a y of their own",
    ),
    # Splits.
    "no split": (
        audio(split=None),
        r"own\.yaml:\d+: dataset\.nodes\.audio\.split: missing; method rrnet needs which rows",
    ),
    "no split at all, no labels": (audio(split=None, y=None), r"audio\.y: missing.*\n.*audio\.split: missing"),
    "another word": (
        lines("split.txt", ["validation", *SPLIT[1:]]),
        "row 0: expected train, val, test or 0, 1, 2, got 'validation'; did you mean 'val'",
    ),
    "capitals": (lines("split.txt", [s.title() for s in SPLIT]), "got 'Train'; did you mean 'train'"),
    "0 and 1 for train and test": (
        splits(np.array([s != "train" for s in SPLIT]).astype(int)),
        "0 is train, 1 is val, 2 is test, and no row is 2; write words",
    ),
    "a fourth split": (
        splits(np.arange(18) % 4),
        "row 3: expected train, val, test or 0, 1, 2, got '3'",
    ),
    "no training row": (
        lines("split.txt", ["test"] * 18),
        r"split\.txt \(audio\.split\): no row is train; expected training rows",
    ),
    "a mask of masks": (
        splits(np.ones((18, 3), bool)),
        r"audio\.split\): expected shape \[n\], got \[18, 3\]",
    ),
    # Features.
    "features in text": (
        both(lines("x.txt", ["1 2 3"] * 18), audio(x="x.txt")),
        r"own\.yaml:\d+: dataset\.nodes\.audio\.x: x\.txt: a \.txt file is read as text; expected numbers",
    ),
    "features of one column": (array("audio.npy", np.zeros(18)), r"audio\.x\): expected shape \[n, d\], got \[18\]"),
    "features that are pictures": (array("audio.npy", np.zeros((18, 3, 3))), "raw input .*declare an encoder"),
    "a row of NaN": (array("audio.npy", np.full((18, 4), np.nan)), "NaN or infinite values in row 0"),
    "pickled objects": (
        lambda folder, _: np.save(folder / "audio.npy", np.array([{}] * 18, dtype=object)),
        r"audio\.npy: holds Python objects, which only a pickle can",
    ),
    "no features": (audio(x=None), "node type 'audio' has no features; declare an encoder for it"),
    "a row of zeros": (array("audio.npy", np.eye(18, 4)), "audio: x: row 4 is zero, so it has no cosine similarity"),
    # Files.
    "a file that is not there": (
        audio(x="audoi.npy"),
        r"own\.yaml:\d+: dataset\.nodes\.audio\.x: \S+audoi\.npy: no such file; did you mean 'audio\.npy'\?$",
    ),
    "a root that is not there": (
        option("dataset", root="data"),
        r"own\.yaml:3: dataset\.root: \S+data: no such folder$",
    ),
    "a root that is a file": (
        option("dataset", root="audio.npy"),
        "dataset.root: .*audio.npy: is a file, expected a folder",
    ),
    "an xls": (both(raw("x.xls", b"1,2"), audio(x="x.xls")), r"x: x\.xls: expected FILE\.npy, FILE\.npz:KEY"),
    "a bundle without a key": (
        both(lambda f, _: np.savez(f / "b.npz", x=np.eye(18), y=np.eye(2)), audio(x="b.npz")),
        r"b\.npz: expected FILE:KEY with one of: x, y",
    ),
    "another key": (
        both(lambda f, _: np.savez(f / "b.npz", feats=np.eye(18)), audio(x="b.npz:feat")),
        r"own\.yaml:\d+: dataset\.nodes\.audio\.x: \S+b\.npz: no key 'feat'; did you mean 'feats'\? it has: feats",
    ),
    "a key where none can be": (audio(x="audio.npy:x"), "a .npy file holds one array; expected no ':x'"),
    "a table without a column": (
        both(raw("t.parquet", b"PAR1 PAR1"), audio(x="t.parquet")),
        "t.parquet: expected FILE:COLUMN",
    ),
    "a table cut short": (
        both(raw("t.parquet", b"PAR1 PA"), audio(x="t.parquet:x")),
        "not a .parquet file: it is cut short",
    ),
    "text under the name of an array": (
        raw("audio.npy", b"0.5 0.25"),
        "audio.npy: not a .npy file: it does not begin as one$",
    ),
    "an archive under the name of an array": (raw("audio.npy", b"PK\x03\x04 "), "it looks like an archive, as .npz is"),
    "an empty text": (raw("y.txt", b""), r"y\.txt: it is empty; expected a word or a number a line"),
    "an empty file": (raw("audio.npy", b""), "not a .npy file: it does not begin as one; it is empty"),
    "a pointer of Git LFS": (raw("audio.npy", b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    "another encoding": (
        raw("y.txt", "Vögel".encode("latin-1")),
        "y.txt: not a .txt file: not UTF-8 on line 1; save it as UTF-8",
    ),
    "UTF-16": (raw("y.txt", "cat".encode("utf-16")), "it is UTF-16; save it as UTF-8"),
    "tensors cut short": (
        both(raw("w.safetensors", b"\x40\0\0\0\0\0\0\0{}"), audio(x="w.safetensors:x")),
        "not a .safetensors file",
    ),
    "a folder for a file": (
        both(lambda f, _: (f / "d.npy").mkdir(), audio(x="d.npy")),
        "d.npy: is a folder, expected a file",
    ),
    "two files that are not there": (
        audio(x="a1.npy", y="a2.txt"),
        r"a1\.npy: no such file.*\n.*a2\.txt: no such file",
    ),
    # Graph and encoders.
    "an edge to a row that is not there": (
        both(array("e.npy", np.array([[0, 1], [0, 3], [1, 1]])), edges()),
        r"e\.npy \(dataset\.edges\[0\]\.index\): column 1: target 3, but there are 3 'label' nodes \(0 to 2\)",
    ),
    "an index in words": (both(lines("e.txt", ["0 1"]), edges(index="e.txt")), "a .txt file is read as text"),
    "weights of fewer edges": (
        both(array("e.npy", np.zeros((2, 3), int)), array("w.npy", np.ones(2)), edges(weight="w.npy")),
        r"expected shape \[3\], one row per edge, got \[2\]",
    ),
    "another node type": (
        option("method", source="adio"),
        "method.source: the data set has no node type 'adio'; did you mean 'audio'",
    ),
    "more neighbours than rows": (
        lambda _, d: d["graph"][0].update(k=50),
        "k = 50 neighbours of 18 rows: k is at most 17",
    ),
    "candidates without scores": (
        lambda _, d: d["graph"][1].update(type="candidates", k=2),
        "has no 'score' to choose candidates by; declare an encoder that gives one, or take every pair",
    ),
    "vectors that are not there": (
        lambda _, d: d.update(encoders={"label": {"type": "glove", "path": "glove.txt"}}),
        r"own\.yaml:\d+: encoders\.label\.path: \S+glove\.txt: no such file",
    ),
    "precomputed rows that are not there": (
        lambda _, d: d.update(encoders={"audio": [{"type": "precomputed", "x": "vectors.npy"}]}),
        r"encoders\.audio\.0\.x: \S+vectors\.npy: no such file",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_told(name: str, tmp_path: Path) -> None:
    change, message = MISTAKES[name]
    with pytest.raises(AvgraphError) as caught:
        graph_of(tmp_path, change)
    text = str(caught.value)
    assert re.search(message, text), text
    assert all(line.strip() for line in text.splitlines())


TAKEN: dict[str, tuple[Change, list[int], list[bool]]] = {
    "a mask of training rows": (splits([s == "train" for s in SPLIT]), [0, 1, 2], [s == "train" for s in SPLIT]),
    "one-hot": (labels(ONE_HOT), [0, 1, 2], [s == "train" for s in SPLIT]),
    "one-hot, of true and false": (labels(ONE_HOT == 1), [0, 1, 2], [s == "train" for s in SPLIT]),
    "a column": (labels(np.arange(18)[:, None] % 3), [0, 1, 2], [s == "train" for s in SPLIT]),
    "words in bytes": (labels(np.array(Y, "S")), [0, 1, 2], [s == "train" for s in SPLIT]),
    "numbers in text": (
        lines("y.txt", [str(2 - row % 3) for row in range(18)]),
        [2, 1, 0],
        [s == "train" for s in SPLIT],
    ),
    "numbers with a point": (labels(np.arange(18.0) % 3), [0, 1, 2], [s == "train" for s in SPLIT]),
    "splits with a point": (
        splits([float(row // 3 % 3) for row in range(18)]),
        [0, 1, 2],
        [s == "train" for s in SPLIT],
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_format_is_taken(name: str, tmp_path: Path) -> None:
    change, first, train = TAKEN[name]
    graph = graph_of(tmp_path, change)
    assert graph["audio"].y[:3].tolist() == first
    assert graph["audio"].train_mask.tolist() == train


def test_a_mask_of_training_rows_leaves_the_others_to_the_test(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, splits([s == "train" for s in SPLIT]))
    assert graph["audio"].test_mask.tolist() == [s != "train" for s in SPLIT]
    assert not graph["audio"].val_mask.any()


def test_names_follow_the_classes_that_the_label_nodes_have_themselves(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, both(array("c.npy", np.array([2, 0, 1])), label(y="c.npy")))
    assert graph["audio"].y[:3].tolist() == [2, 0, 1]  # cat, dog, bird
    edges = graph["audio", "candidate", "label"]
    assert edges.edge_index[1][(edges.y > 0)][:3].tolist() == [0, 1, 2]


def test_without_test_rows_the_run_says_so(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, lines("split.txt", ["train"] * 18))
    assert graph.provenance["note"] == "no row of 'audio' is a test row"
