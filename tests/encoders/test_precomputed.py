"""Features from files and features kept: what arrives is a finite float32 matrix with one row per node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, Precomputed
from avgraph.errors import DataError, GraphError

X = np.arange(6, dtype=np.float64).reshape(3, 2)


def graph() -> HeteroData:
    return HeteroData(audio={"y": torch.tensor([0, 1, 1]), "name": ["a", "b", "c"]})


@pytest.mark.parametrize("reference", ["x.npy", "b.npz:x", "w.safetensors:x"])
@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.uint8])
def test_files(tmp_path: Path, reference: str, dtype: Any) -> None:
    np.save(tmp_path / "x.npy", X.astype(dtype))
    np.savez(tmp_path / "b.npz", x=X.astype(dtype))
    save_file({"x": torch.from_numpy(X.astype(dtype))}, tmp_path / "w.safetensors")
    data = graph()
    encoded = Precomputed(x=str(tmp_path / reference)).encode(data, "audio", context=EncodeContext(seed=3))
    assert encoded["audio"].x.dtype == torch.float32
    np.testing.assert_array_equal(encoded["audio"].x, X)
    assert "score" not in encoded["audio"]
    assert "x" not in data["audio"]
    encoded["audio"].x.add_(1)  # the file is mapped read-only, the features are not
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), X)


def test_score(tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", x=X, score=np.full((3, 4), 0.25))
    encoder = Precomputed(x=f"{tmp_path}/b.npz:x", score=f"{tmp_path}/b.npz:score")
    encoded = encoder.encode(graph(), "audio")
    assert torch.equal(encoded["audio"].score, torch.full((3, 4), 0.25))


def test_nothing_given_keeps_what_there_is() -> None:
    data = graph()
    data["audio"].x = torch.from_numpy(X)
    data["audio"].score = torch.ones(3, 2)
    encoded = Precomputed().encode(data, "audio")
    assert encoded["audio"].x.dtype == torch.float32
    assert data["audio"].x.dtype == torch.float64
    assert torch.equal(encoded["audio"].score, torch.ones(3, 2))


def test_a_file_replaces_raw_input_of_the_same_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    data = graph()
    data["audio"].x = torch.zeros(3, 128, 216, dtype=torch.uint8)
    assert Precomputed(x=tmp_path / "x.npy").encode(data, "audio")["audio"].x.shape == (3, 2)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (X[:2], r"x\.npy: expected 3 rows, as 'y' has, got 2"),
        (X[:, 0], r"x\.npy: expected numbers \[n, d\], got float64 \[3\]"),
        (np.array(["a", "b", "c"]), r"x\.npy: expected numbers \[n, d\], got <U1"),
        (np.where(X == 3, np.nan, X), r"x\.npy: row 1, column 1 is nan"),
        (np.where(X == 3, 1e300, X), r"x\.npy: row 1, column 1 is inf in float32"),
        (np.array(1.0), r"x\.npy: expected 3 rows, as 'y' has, got 0"),
    ],
)
def test_refused_files(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=message):
        Precomputed(x=str(tmp_path / "x.npy")).encode(graph(), "audio")


def test_refused_without_a_file(tmp_path: Path) -> None:
    data = graph()
    with pytest.raises(DataError, match=r"audio\.x: the dataset gives none; expected precomputed: x"):
        Precomputed().encode(data, "audio")
    data["audio"].x = torch.zeros(3, 128, 216, dtype=torch.uint8)
    with pytest.raises(DataError, match=r"floating-point features .* got torch\.uint8 \[3, 128, 216\]; name a file"):
        Precomputed().encode(data, "audio")
    data["audio"].x = torch.tensor([[0.0], [torch.nan], [0.0]])
    with pytest.raises(DataError, match=r"audio\.x: row 1, column 0 is nan"):
        Precomputed().encode(data, "audio")
    with pytest.raises(GraphError, match=r"no node type 'adio'; did you mean 'audio'\?"):
        Precomputed().encode(data, "adio")
    with pytest.raises(DataError, match=r"gone\.npy: no such file"):
        Precomputed(x=str(tmp_path / "gone.npy")).encode(data, "audio")


def test_repr() -> None:
    assert repr(Precomputed(x="/a.npy")) == "Precomputed(x='/a.npy', score=None)"
