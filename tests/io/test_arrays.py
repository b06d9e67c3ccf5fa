"""Every format gives back what was written; every mistake names the file and what there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from avgraph.errors import DataError
from avgraph.io.arrays import read_array
from avgraph.io.references import split_reference

X = np.arange(6, dtype=np.float32).reshape(3, 2)


def test_npy(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(read_array("x.npy", tmp_path), X)
    np.testing.assert_array_equal(read_array(tmp_path / "x.npy"), X)


def test_absolute_file_ignores_root(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(read_array(str(tmp_path / "x.npy"), root="/nowhere"), X)


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", x=X, other=X + 1)
    np.testing.assert_array_equal(read_array("b.npz:other", tmp_path), X + 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_safetensors(tmp_path: Path, dtype: torch.dtype) -> None:
    save_file({"x": torch.from_numpy(X).to(dtype)}, tmp_path / "w.safetensors")
    np.testing.assert_array_equal(read_array("w.safetensors:x", tmp_path), X)


def test_parquet(tmp_path: Path) -> None:
    lists = pa.array(X.tolist())
    table = pa.table(
        {
            "list": lists,
            "fixed": pa.array(X.tolist(), type=pa.list_(pa.float32(), 2)),
            "nested": pa.array(X[:, :, None].tolist()),
            "number": [3, 1, 2],
            "word": ["dog", "cat", "ä"],
            "flag": [True, False, True],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    np.testing.assert_array_equal(read_array("t.parquet:list", tmp_path), X)
    np.testing.assert_array_equal(read_array("t.parquet:fixed", tmp_path), X)
    np.testing.assert_array_equal(read_array("t.parquet:nested", tmp_path), X[:, :, None])
    np.testing.assert_array_equal(read_array("t.parquet:number", tmp_path), [3, 1, 2])
    assert read_array("t.parquet:word", tmp_path).tolist() == ["dog", "cat", "ä"]
    assert read_array("t.parquet:flag", tmp_path).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([[1.0], [1.0, 2.0]]), "column 'c': row 1 has 2 values, row 0 has 1"),
        (pa.array([[1.0], None]), "column 'c': value 1 is missing"),
        (pa.array([1.0, None]), "column 'c': value 1 is missing"),
        (pa.array([{"a": 1}, {"a": 2}]), "expected numbers, strings or lists of them, got struct"),
    ],
)
def test_parquet_refuses(tmp_path: Path, column: pa.Array, message: str) -> None:
    pq.write_table(pa.table({"c": column}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=message):
        read_array("t.parquet:c", tmp_path)


def test_txt(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("\ufeffdog\r\nGlocke läutet\nx\u2028y\n".encode())
    assert read_array("names.txt", tmp_path).tolist() == ["dog", "Glocke läutet", "x\u2028y"]


def test_txt_refuses_other_encodings(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("dog\nläutet\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"names\.txt: not UTF-8"):
        read_array("names.txt", tmp_path)


@pytest.mark.parametrize("name", ["b.npz", "w.safetensors", "t.parquet"])
def test_keys_are_listed(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "b.npz", feature=X, label=X)
    save_file({"feature": torch.ones(1), "label": torch.ones(1)}, tmp_path / "w.safetensors")
    pq.write_table(pa.table({"feature": [1], "label": [2]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"no key 'featrue'; did you mean 'feature'\? it has: feature, label"):
        read_array(f"{name}:featrue", tmp_path)
    with pytest.raises(DataError, match="expected FILE:KEY with one of: feature, label"):
        read_array(name, tmp_path)


@pytest.mark.parametrize("name", ["x.npy", "x.npz:k", "x.safetensors:k", "x.parquet:k"])
@pytest.mark.parametrize("content", [b"", b"not an array"])
def test_broken_file(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name.split(":")[0]).write_bytes(content)
    with pytest.raises(DataError, match=r"x\.(npy|npz|safetensors|parquet): not "):
        read_array(name, tmp_path)


@pytest.mark.parametrize("name", ["o.npy", "o.npz:x"])
def test_pickles_are_refused(tmp_path: Path, name: str) -> None:
    objects = np.array([{}], dtype=object)
    np.save(tmp_path / "o.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "o.npz", x=objects)
    with pytest.raises(DataError, match=r"(?i)pickle"):
        read_array(name, tmp_path)


def test_archive_under_the_wrong_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", x=X)
    (tmp_path / "b.npz").rename(tmp_path / "b.npy")
    with pytest.raises(DataError, match=r"\.npz archive under the wrong name"):
        read_array("b.npy", tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.npy: no such file"):
        read_array("gone.npy", tmp_path)
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(DataError, match="it is a folder"):
        read_array("folder.npy", tmp_path)


def test_references() -> None:
    assert split_reference("C:\\data\\b.NPZ:x:y") == (Path("C:\\data\\b.NPZ"), "npz", "x:y")
    assert split_reference("v1.npz/b.npz:x")[0] == Path("v1.npz/b.npz")
    with pytest.raises(DataError, match=r"x\.xls: expected FILE\.npy"):
        split_reference("x.xls")
    with pytest.raises(DataError, match="expected no ':key'"):
        split_reference("x.npy:key")
