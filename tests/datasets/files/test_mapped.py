"""Arrays that stay in their files: the same graph, nothing written to them, and what cannot stay is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from avgraph.datasets import Files
from avgraph.errors import DataError
from avgraph.io import torch_file
from avgraph.io.graph_file import load_graph, save_graph
from avgraph.io.mapped_rows import is_whole_map, private

HAS = ("audio", "has", "label")


def written(folder: Path, **changed: Any) -> Files:
    rng = np.random.default_rng(0)
    arrays = {
        "x": rng.normal(size=(6, 3)).astype(np.float32),
        "y": rng.normal(size=(4, 3)),  # float64: the graph has float32
        "index": rng.integers(0, 4, (2, 9)),
        "weight": rng.random(9).astype(np.float32),
        "attr": rng.random((9, 2)).astype(np.float32),
        **changed,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    edges = [{"source": "audio", "relation": "has", "target": "label"}]
    edges[0] |= {name: f"{name}.npy" for name in ("index", "weight", "attr")}
    nodes = {"audio": {"x": "x.npy"}, "label": {"x": "y.npy"}}
    return Files(root=str(folder), nodes=nodes, edges=edges, mapped=True)


def stays(value: Tensor, path: Path) -> bool:
    """Whether what is written to the file shows in the tensor, and not the other way round."""
    before, whole = path.read_bytes(), value.clone()
    file = np.load(path, mmap_mode="r+")
    file.flat[0] += 1
    file.flush()
    seen = not torch.equal(value, whole)
    path.write_bytes(before) if not seen else None
    changed = path.read_bytes()
    value.view(-1)[1] += 5
    assert path.read_bytes() == changed
    return seen


def test_arrays_stay_in_their_files(tmp_path: Path) -> None:
    options = written(tmp_path)
    loaded = options.model_copy(update={"mapped": False}).load()
    data = options.load()
    for kind in ("audio", "label", HAS):
        for name, value in loaded[kind].items():
            if isinstance(value, Tensor):
                assert torch.equal(data[kind][name], value)
                assert data[kind][name].dtype == value.dtype
    for kind, name, path in (
        ("audio", "x", "x"), (HAS, "edge_index", "index"), (HAS, "edge_weight", "weight"), (HAS, "edge_attr", "attr")
    ):  # fmt: skip
        assert stays(data[kind][name], tmp_path / f"{path}.npy")
        assert not stays(loaded[kind][name], tmp_path / f"{path}.npy")
    assert not stays(data["label"].x, tmp_path / "y.npy")


def test_what_is_wrong_is_told_as_ever(tmp_path: Path) -> None:
    index = np.zeros((2, 9), np.int64)
    index[1, 7] = 4
    with pytest.raises(DataError, match=r"index.npy .*: column 7: target 4, but there are 4 'label' nodes"):
        written(tmp_path, index=index).load()
    with pytest.raises(DataError, match=r"x.npy .*: NaN or infinite values in row 0"):
        written(tmp_path, x=np.full((6, 3), np.nan, np.float32)).load()
    assert written(tmp_path, index=np.zeros((9, 2), np.int64)).load()[HAS].edge_index.shape == (2, 9)
    assert not is_whole_map(np.load(tmp_path / "x.npy", mmap_mode="r")[1:])
    with pytest.raises(DataError, match=r"expected an array mapped from a file, got ndarray \[2, 2\]"):
        private(np.eye(2))


def test_a_large_graph_is_mapped_and_can_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(tmp_path).load()
    data["audio"].rows = np.load(tmp_path / "x.npy", mmap_mode="r")  # as embeddings of a space are
    save_graph(data, tmp_path / "graph.pt")
    monkeypatch.setattr(torch_file, "MAPPED_FROM", 0)
    mapped = load_graph(tmp_path / "graph.pt")
    before = (tmp_path / "graph.pt").read_bytes()
    mapped["audio"].x[0] = 7
    assert (tmp_path / "graph.pt").read_bytes() == before
    assert torch.equal(mapped["audio"].rows, data["audio"].x)
    save_graph(mapped, tmp_path / "graph.pt")  # over the file that it lies in
    assert mapped["audio"].x[0].tolist() == [7, 7, 7]
    assert load_graph(tmp_path / "graph.pt")["audio"].x[0].tolist() == [7, 7, 7]
    assert torch.equal(mapped[HAS].edge_index, data[HAS].edge_index)
