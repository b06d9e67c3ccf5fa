from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from avgraph.datasets import Files
from avgraph.datasets.checks import as_split, check_finite
from avgraph.errors import ConfigError, DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.arange(8, dtype=np.float64).reshape(4, 2))
    np.savez(tmp_path / "bundle.npz", half=np.ones((4, 3), np.float16), y=np.array([0, 1, 0, 1]))
    save_file({"x": np.eye(2, dtype=np.float32)}, tmp_path / "labels.safetensors")
    columns = {"y": ["dog", "cat", "dog", "cat"], "x": [[1.0, 2.0]] * 4, "split": ["train", "train", "val", "test"]}
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    (tmp_path / "labels.txt").write_text("dog\ncat\n")
    np.save(tmp_path / "edges.npy", np.array([[0, 1, 3], [1, 0, 1]]))
    return tmp_path


def test_every_format(folder: Path) -> None:
    nodes = {
        "audio": {"x": "x.npy", "y": "table.parquet:y", "split": "table.parquet:split", "name": None},
        "image": {"x": "bundle.npz:half", "y": "bundle.npz:y"},
        "text": {"x": "table.parquet:x"},
        "label": {"x": "labels.safetensors:x", "name": "labels.txt"},
    }
    data = Files(root=folder, nodes=nodes).load()
    assert all(data[node].x.dtype == torch.float32 for node in nodes)
    assert data["audio"].x.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert data["audio"].y.tolist() == [0, 1, 0, 1]  # as the label node has them, not sorted
    assert data["audio"].train_mask.tolist() == [True, True, False, False]
    assert data["audio"].test_mask.tolist() == [False, False, False, True]
    assert "train_mask" not in data["image"]
    assert data["label"].name == ["dog", "cat"]
    assert data["label"].y.tolist() == [0, 1]
    assert data.provenance["classes"] == {"audio": ["dog", "cat"], "image": ["dog", "cat"]}
    assert sorted(data.provenance["files"]) == [
        "bundle.npz",
        "labels.safetensors",
        "labels.txt",
        "table.parquet",
        "x.npy",
    ]
    data["audio"].x += 1  # the user's file is not written through a memory map
    assert np.load(folder / "x.npy")[0, 0] == 0


def test_names_without_a_label_node_are_sorted(folder: Path) -> None:
    data = Files(root=folder, nodes={"audio": {"x": "x.npy", "y": "table.parquet:y"}}).load()
    assert data["audio"].y.tolist() == [1, 0, 1, 0]
    assert data.provenance["classes"] == {"audio": ["cat", "dog"]}


def test_8_bit_pictures_stay_8_bit(folder: Path) -> None:
    np.save(folder / "u8.npy", np.zeros((4, 128, 216), np.uint8))
    assert Files(root=folder, nodes={"audio": {"x": "u8.npy"}}).load()["audio"].x.dtype == torch.uint8


@pytest.mark.parametrize("by_row", [False, True])
def test_edges(folder: Path, by_row: bool) -> None:
    index = np.array([[0, 1, 3], [1, 0, 1]])
    np.save(folder / "edges.npy", index.T if by_row else index)
    np.save(folder / "weight.npy", np.array([1.0, 0.5, 0.25]))
    np.save(folder / "attr.npy", np.ones((3, 2), np.float16))
    edge = {"source": "audio", "relation": "likes", "target": "label", "index": "edges.npy"}
    data = Files(
        root=folder,
        nodes={"audio": {"x": "x.npy"}, "label": {"name": "labels.txt"}},
        edges=[edge | {"weight": "weight.npy", "attr": "attr.npy"}],
    ).load()
    store = data["audio", "likes", "label"]
    assert store.edge_index.tolist() == index.tolist()
    assert store.edge_weight.tolist() == [1.0, 0.5, 0.25]
    assert (store.edge_attr.shape, store.edge_attr.dtype) == ((3, 2), torch.float32)
    assert data.validate()


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"index": np.array([[0, 4], [0, 0]])}, "column 1: source 4, but there are 4 'audio' nodes"),
        ({"index": np.array([[0, 1], [0, 2]])}, "column 1: target 2, but there are 2 'label' nodes"),
        ({"index": np.array([[0, -1], [0, 1]])}, "column 1: source -1"),
        ({"index": np.zeros((3, 4))}, r"expected shape \[2, e\] or \[e, 2\], got \[3, 4\]"),
        ({"index": np.full((2, 1), 0.5)}, "expected a whole number, got 0.5"),
        ({"index": np.zeros((2, 3)), "weight": np.ones(2)}, r"expected shape \[3\], one row per edge, got \[2\]"),
        ({"index": np.zeros((2, 3)), "weight": np.array([0, np.inf, 0])}, "NaN or infinite values in row 1"),
        ({"index": np.zeros((2, 3)), "attr": np.ones(3)}, r"expected shape \[3, d\]"),
    ],
)
def test_wrong_edges(folder: Path, edge: dict[str, np.ndarray], message: str) -> None:
    for key, array in edge.items():
        np.save(folder / f"{key}.npy", array)
    declared = {"source": "audio", "relation": "likes", "target": "label"} | {key: f"{key}.npy" for key in edge}
    with pytest.raises(DataError, match=message):
        Files(root=folder, nodes={"audio": {"x": "x.npy"}, "label": {"name": "labels.txt"}}, edges=[declared]).load()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.array([[0.0], [np.nan]])}, r"x.npy \(audio.x\): NaN or infinite values in row 1"),
        ({"x": np.array([[1e300], [0.0]])}, r"as float32: NaN or infinite values in row 0"),
        ({"x": np.array(["a", "b"])}, "expected numbers, got <U1"),
        ({"x": np.zeros((2, 1)), "y": np.zeros(3, int)}, r"y.npy \(audio.y\): 3 rows, but .*x.npy \(audio.x\) has 2"),
        ({"y": np.zeros((2, 2))}, r"row 0: expected a single 1 \(one class per row\), got none of them"),
        ({"y": np.array([0, 10**12])}, "row 1: expected classes counted from 0, below 10000000, got 1000000000000"),
        ({"y": np.array([0.0, 0.5])}, "row 1: expected a whole number, got 0.5"),
        ({"y": np.array([0, -1])}, "row 1: expected a class from 0 to 0, got -1"),
        ({"y": np.array([-2, -1])}, "row 0: expected a class from 0 to 0, got -2"),
        ({"y": np.array([0, 1]), "split": np.array([0, 2])}, "no training example of class '1'"),
        ({"split": np.array(["train", "dev"])}, "row 1: expected train, val, test or 0, 1, 2, got 'dev'"),
        ({"x": np.zeros((0, 3))}, "holds no rows"),
    ],
)
def test_wrong_nodes(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    for key, array in arrays.items():
        np.save(tmp_path / f"{key}.npy", array)
    with pytest.raises(DataError, match=message):
        Files(root=tmp_path, nodes={"audio": {key: f"{key}.npy" for key in arrays}}).load()


def test_label_out_of_range_of_the_label_node(folder: Path) -> None:
    np.save(folder / "y.npy", np.array([0, 1, 2, 0]))
    nodes = {"audio": {"x": "x.npy", "y": "y.npy"}, "label": {"name": "labels.txt"}}
    with pytest.raises(DataError, match="row 2: expected a class from 0 to 1, got 2"):
        Files(root=folder, nodes=nodes).load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": {}}, "nodes: expected at least 1 entry, got an empty mapping"),
        ({"nodes": {"a": {"x": None}}}, "nodes.a: expected at least one of x, y, split, name"),
        ({"nodes": {"a": {"xx": "x.npy"}}}, "nodes.a.xx: unknown key"),
        ({"nodes": {"a": {"x": "x.npy"}}, "edges": [{"source": "a"}]}, r"edges\.0\.relation: missing required key"),
        (
            {
                "nodes": {"a": {"x": "x.npy"}},
                "edges": [{"source": "a", "relation": "r", "target": "b", "index": "edges.npy"}],
            },
            "edges.0.target: no node type 'b' under nodes; it has: a",
        ),
    ],
)
def test_wrong_options(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"Files: {message}"):
        Files(root=folder, **options)


def test_a_file_that_is_not_there(folder: Path) -> None:
    with pytest.raises(DataError, match=r"none\.npy: no such file"):
        Files(root=folder, nodes={"a": {"x": "none.npy"}}).load()


def test_pickled_arrays_are_refused(folder: Path) -> None:
    np.save(folder / "evil.npy", np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match=r"evil\.npy"):
        Files(root=folder, nodes={"a": {"x": "evil.npy"}}).load()


@given(st.lists(st.sampled_from(["train", "val", "test", 2, "2"]), min_size=1, max_size=10))
def test_splits_mean_the_same_in_words_and_numbers(values: list[str | int]) -> None:
    code = {"train": 0, "val": 1, "test": 2}
    expected = [code.get(str(value), -1) if str(value) in code else int(value) for value in values]
    assert as_split(np.array([str(value) for value in values]), "s").tolist() == expected
    if set(expected) != {0, 1}:  # which numbers alone leave open
        assert as_split(np.array(expected), "s").tolist() == expected


@given(st.lists(st.sampled_from([0.0, 1.0, float("nan"), float("inf")]), max_size=12))
def test_check_finite_agrees_with_a_loop(values: list[float]) -> None:
    bad = [row for row, value in enumerate(values) if value != value or value == float("inf")]
    if not bad:
        check_finite(np.array(values), "x")
        return
    with pytest.raises(DataError, match=f"row {bad[0]}"):
        check_finite(np.array(values), "x")
