"""A table a type: which column is what, folds, sources, attributes, edges by names; mistakes with file and row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from torch_geometric.data import HeteroData

from avgraph.config import load_experiment
from avgraph.datasets import Files
from avgraph.errors import AvgraphError, ConfigError, DataError

SOUNDS = """name,y,fold,source,place,length,f0,f1
007,dog,0,A,in,1.5,1,2
b,cat,0,B,out,,3,4
c,dog,1,A,in,2,5,6
d,cat,1,C,in,3,7,8
e,dog,2,D,out,4,9,0
f,cat,2,E,in,5,1,3
"""
NEAR = "source,target,weight,split,y,hour,d0,d1\n007,b,0.5,train,1,7,1,2\nc,f,0.25,test,0,8,3,4\n"
HEARD = ("audio", "heard_with", "audio")
EDGE = {"source": "audio", "relation": "heard_with", "target": "audio", "table": "near.csv"}


def load(folder: Path, nodes: Mapping[str, Any] | None = None, **options: Any) -> HeteroData:
    return Files(
        root=str(folder), nodes=nodes or {"audio": {"table": "sounds.csv", "features": ["f*"]}}, **options
    ).load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sounds.csv").write_text(SOUNDS, encoding="utf-8")
    (tmp_path / "near.csv").write_text(NEAR, encoding="utf-8")
    return tmp_path


def test_columns_are_what_they_are_called(folder: Path) -> None:
    data = load(folder, fold=1, val_fold=2)
    audio = data["audio"]
    assert audio.name == ["007", "b", "c", "d", "e", "f"]
    assert audio.x.tolist()[0] == [1, 2]  # "fold" fits the pattern and is none of them
    assert audio.y.tolist() == [1, 0, 1, 0, 1, 0]
    assert audio.fold.tolist() == [0, 0, 1, 1, 2, 2]
    assert audio.test_mask.tolist() == [False, False, True, True, False, False]
    assert audio.val_mask.tolist() == [False, False, False, False, True, True]
    assert audio.source_file == list("ABACDE")
    assert audio.length[:3].isnan().tolist() == [False, True, False]  # a number that is missing
    assert audio.place == ["in", "out", "in", "in", "out", "in"]
    assert [data.provenance[key] for key in ("fold", "val_fold")] == [1, 2]
    assert data.provenance["leakage"] == [{"source_file": "A", "test": ["c"], "other": ["007"]}]
    assert list(data.provenance["files"]) == ["sounds.csv"]


def test_without_a_fold_to_test_on_it_is_an_attribute(folder: Path) -> None:
    data = load(folder)
    assert data["audio"].fold.tolist() == [0, 0, 1, 1, 2, 2]
    assert "train_mask" not in data["audio"]


def test_what_is_written_counts_more_than_the_table(folder: Path) -> None:
    np.save(folder / "x.npy", np.eye(6))
    np.save(folder / "seen.npy", np.arange(6) > 2)
    np.save(folder / "other.npy", np.ones((6, 3)))
    nodes = {"audio": {"table": "sounds.csv", "x": "x.npy", "y": "sounds.csv:place",
                       "attributes": {"seen": "seen.npy", "other": "other.npy"}}}  # fmt: skip
    audio = load(folder, nodes)["audio"]
    assert torch.equal(audio.x, torch.eye(6))
    assert audio.y.tolist() == [0, 1, 0, 0, 1, 0]
    assert audio.seen.tolist() == [False] * 3 + [True] * 3
    assert (audio.other.shape, audio.f0.tolist()) == ((6, 3), [1, 3, 5, 7, 9, 1])


def test_rows_that_share_a_source_with_the_test_are_left_out(folder: Path) -> None:
    assert load(folder, fold=1, on_leakage="drop")["audio"].train_mask.tolist() == [
        False,
        True,
        False,
        False,
        True,
        True,
    ]
    with pytest.raises(DataError, match=r"1 source file\(s\) of the test fold also occur in other folds \(A\); "):
        load(folder, fold=1, on_leakage="error")
    (folder / "split.txt").write_text("train\ntrain\ntest\ntrain\ntrain\ntrain\n")
    data = load(folder, {"audio": {"source": "sounds.csv:source", "split": "split.txt"}}, on_leakage="drop")
    assert data["audio"].train_mask.tolist() == [False, True, False, True, True, True]
    assert data.provenance["leakage"] == [{"source_file": "A", "test": ["row 2"], "other": ["row 0"]}]


def test_edges_by_names_with_what_each_has(folder: Path) -> None:
    data = load(folder, edges=[{**EDGE, "features": ["d*"]}])
    store = data[HEARD]
    assert store.edge_index.tolist() == [[0, 2], [1, 5]]
    assert store.edge_weight.tolist() == [0.5, 0.25]
    assert store.edge_attr.tolist() == [[1, 2], [3, 4]]
    assert (store.y.tolist(), store.hour.tolist()) == ([1, 0], [7, 8])
    assert (store.train_mask.tolist(), store.test_mask.tolist()) == ([True, False], [False, True])
    assert data.validate()
    (folder / "rows.csv").write_text("source,target\n0,5\n")
    unnamed = load(folder, {"audio": {"x": "sounds.csv:f0,f1"}}, edges=[{**EDGE, "table": "rows.csv"}])
    assert unnamed[HEARD].edge_index.tolist() == [[0], [5]]


def test_edges_of_arrays_have_attributes_too(folder: Path) -> None:
    np.save(folder / "index.npy", np.array([[0, 1, 2], [1, 2, 3]]))
    np.save(folder / "time.npy", np.array([5.0, 6.0, 7.0]))
    (folder / "split.txt").write_text("train\nval\ntest\n")
    edge = {**EDGE, "table": None, "index": "index.npy", "y": "time.npy", "split": "split.txt",
            "attributes": {"time": "time.npy"}}  # fmt: skip
    store = load(folder, edges=[edge])[HEARD]
    assert store.time.tolist() == store.y.tolist() == [5, 6, 7]
    assert store.val_mask.tolist() == [False, True, False]


def test_a_parquet_and_a_tsv_are_tables_too(folder: Path) -> None:
    x = [[float(row), 1.0] for row in range(6)]
    pq.write_table(pa.table({"x": x, "y": list("ababab"), "name": list("uvwxyz"), "n": range(6)}), folder / "t.parquet")
    data = load(folder, {"audio": {"table": "t.parquet", "features": ["x"]}})
    assert data["audio"].x.tolist() == x
    assert (data["audio"].name, data["audio"].n.tolist()) == (list("uvwxyz"), list(range(6)))
    (folder / "t.tsv").write_text(SOUNDS.replace(",", "\t"))
    tabs = load(folder, {"audio": {"table": "t.tsv", "features": ["f0", "f1"]}}, fold=0)
    assert tabs["audio"].test_mask.sum() == 2


def test_folds_are_those_that_there_are(folder: Path) -> None:
    assert Files(root=str(folder), nodes={"audio": {"table": "sounds.csv"}}).folds() == (0, 1, 2)
    (folder / "fold.txt").write_text("2\n1\n1\n7\n")
    nodes = {"audio": {"table": "sounds.csv"}, "text": {"fold": "fold.txt"}}
    assert Files(root=str(folder), nodes=nodes, fold=1).folds() == (1, 2)
    assert Files(root=str(folder), nodes={"audio": {"x": "x.npy"}}).folds() == ()


def _wrong_rows(old: str, new: str) -> Any:
    return lambda folder: (folder / "sounds.csv").write_text(SOUNDS.replace(old, new), encoding="utf-8")


def _wrong_edges(old: str, new: str) -> Any:
    return lambda folder: (folder / "near.csv").write_text(NEAR.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "options", "told"),
    [
        (None, {"fold": 3}, r"dataset\.fold: no row of fold 3 in .*\.csv:fold \(audio\.table\); there are 0, 1, 2"),
        (None, {"fold": 1, "val_fold": 4}, r"dataset\.val_fold: no row of fold 4"),
        (_wrong_rows("c,dog,1", "c,dog,x"), {"fold": 0}, r"row 2: expected the number of a fold, got 'x'"),
        (_wrong_rows("c,dog,1", "c,dog,"), {"fold": 0}, r"row 2: expected a whole number, got nan"),
        (_wrong_rows("c,dog,1", "c,dog,-1"), {"fold": 0}, r"row 2: expected the number of a fold, 0 or more, got -1"),
        (_wrong_rows("c,dog,1", "c,dog,1.5"), {"fold": 0}, r"row 2: expected a whole number, got 1\.5"),
        (_wrong_rows("fold", "part"), {"fold": 0}, r"dataset\.fold: no node type has a fold to test on, of audio"),
        (_wrong_rows("dog,1", "fish,1"), {"fold": 1}, r"\(audio\.table\): no training example of class 'fish'"),
        (_wrong_rows("c,dog", "c,"), {"fold": 0}, r"sounds\.csv:y \(audio\.table\): row 2: the class is empty"),
        (_wrong_rows("5,6", "x,6"), {}, r"sounds\.csv: row 2 \(line 4\), column 'f0': expected a number, got 'x'"),
        (_wrong_rows("5,6", "nan,6"), {}, r"sounds\.csv \(audio\.features\): NaN or infinite values in row 2"),
        (_wrong_rows("f1", "f0"), {}, r"sounds\.csv: column 7 has the name 'f0' of another"),
        (_wrong_rows(",place", ",num_nodes"), {}, r"sounds\.csv:num_nodes .*a name that the graph needs itself"),
        (_wrong_edges("c,f", "cc,f"), {"edges": [EDGE]},
         r"near\.csv:source \(dataset\.edges\[0\]\.table\): row 1: no audio 'cc'; did you mean 'c'\?"),
        (_wrong_edges("c,f", "c,"), {"edges": [EDGE]}, r"target .*no audio ''; the nodes have names, such as '007'"),
        (_wrong_edges("target", "to"), {"edges": [EDGE]}, r"near\.csv:target .*no such column; edges need source and"),
        (_wrong_edges("0.25", "heavy"), {"edges": [EDGE]}, r"near\.csv: row 1 \(line 3\), column 'weight': expected"),
        (_wrong_edges("test", "dev"), {"edges": [EDGE]}, r"near\.csv:split .*row 1: expected train, val, test"),
        (_wrong_rows("b,cat", "007,cat"), {"edges": [EDGE]}, r"names of 'audio' nodes must differ"),
        (_wrong_rows(SOUNDS, "name,f0\n"), {}, r"sounds\.csv: holds no rows$"),
        (_wrong_rows(SOUNDS, ""), {}, r"sounds\.csv: it is empty; expected a first line that names the columns"),
    ],
)  # fmt: skip
def test_mistakes_are_named(folder: Path, change: Any, options: dict[str, Any], told: str) -> None:
    if change is not None:
        change(folder)
    with pytest.raises(AvgraphError, match=told) as caught:
        load(folder, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"features": ["f0"]}, r"features: expected a table whose columns these are"),
        ({"table": "t.csv", "x": "x.npy", "features": ["f0"]}, r"features: x has them already"),
        ({"x": "x.npy", "attributes": {"y": "y.npy"}}, r"attributes\.y: 'y' is an option of its own"),
        ({"x": "x.npy", "attributes": {"num_nodes": "y.npy"}}, r"attributes\.num_nodes: a name that the graph needs"),
        ({"x": "x.npy", "fold": "f.npy"}, r"nodes\.audio\.fold: expected dataset\.fold too, the fold to test on"),
        ({"x": "x.npy", "fold": "f.npy", "split": "s.npy"}, r"fold: split says already which rows train"),
    ],
)
def test_options_that_clash_are_named(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Files(nodes={"audio": options})


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"fold": 1}, "fold: no node type has a fold"),
        ({"on_leakage": "drop"}, "on_leakage: no node type has a source"),
        ({"nodes": {"audio": {"table": "t.csv"}}, "val_fold": 1}, "val_fold: there is no fold to test on"),
        (
            {"nodes": {"audio": {"table": "t.csv"}}, "fold": 1, "val_fold": 1},
            "val_fold: expected another fold than the",
        ),
        ({"edges": [{**EDGE, "index": "i.npy"}]}, r"edges\.0\.index: the table has the ends already"),
        ({"edges": [{**EDGE, "table": None}]}, r"edges\.0\.index: missing required key \(either index or table\)"),
    ],
)
def test_options_without_effect_are_named(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Files(**{"nodes": {"audio": {"x": "x.npy"}}, **options})


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"table": "t.xlsx"}, r"nodes\.audio\.table: .*t\.xlsx: expected a table, \.csv, \.tsv or \.parquet"),
        (
            {"table": "sound.csv", "features": ["f*"]},
            r"nodes\.audio\.table: .*sound\.csv: no such file; did you mean 'sounds\.csv'",
        ),
        ({"table": "sounds.csv", "features": ["g*"]}, r"nodes\.audio\.features: .*no column 'g\*'; it has: name, y"),
        ({"table": "sounds.csv", "attributes": {"a": "sounds.csv:lenght"}}, r"attributes\.a: .*did you mean 'length'"),
    ],
)
def test_files_are_looked_at_before_anything_is_loaded(folder: Path, files: dict[str, Any], told: str) -> None:
    dataset = {"type": "files", "nodes": {"audio": files, "label": {"table": "sounds.csv"}}}
    (folder / "own.yaml").write_text(yaml.safe_dump({"dataset": dataset, "method": {"type": "rrnet"}}))
    with pytest.raises(ConfigError, match=told) as caught:
        load_experiment(folder / "own.yaml", check_files=True)
    assert "\n" not in str(caught.value)
