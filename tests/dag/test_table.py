from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from avgraph.dag.table import read_table
from avgraph.errors import DataError


def test_every_format_holds_the_same_table(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 2))
    np.save(tmp_path / "t.npy", x)
    np.savez(tmp_path / "t.npz", x=x, names=["a", "b c"])
    np.savez(tmp_path / "one.npz", anything=x)
    pq.write_table(pa.table({"a": x[:, 0], "b c": x[:, 1]}), tmp_path / "t.parquet")
    lines = ["\ufeffa,b c", *(",".join(map(repr, row.tolist())) for row in x), ""]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    for name in ("t.npz", "t.parquet", "t.csv"):
        table = read_table(tmp_path / name)
        assert table.names == ("a", "b c")
        np.testing.assert_array_equal(table.x, x)
    for name in ("t.npy", "one.npz"):
        assert read_table(tmp_path / name).names == ("x0", "x1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.csv: empty; expected a header"),
        ("1,2\n3,4\n", "the first line holds numbers; expected a header"),
        ("a,b\n1,2\n3\n", r"row 1 \(line 3\) has 1 values, the header has 2"),
        ("a,b\n1,2\n3,x\n", r"row 1 \(line 3\), column 'b': expected a number, got 'x'"),
        ("a,b\n1,\n", r"row 0 \(line 2\), column 'b': expected a number, got empty"),
        ("a,b\n1,nan\n", "t.csv: row 0, column 'b' is nan"),
        ("a,a\n1,2\n", "t.csv: names: 'a' names two columns"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "t.csv")


def test_other_bad_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a table in \.csv, \.npy, \.npz, \.parquet, got '\.txt'"):
        read_table(tmp_path / "t.txt")
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "t.npy").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"t\.npy: not a readable \.npy file"):
        read_table(tmp_path / "t.npy")
    np.save(tmp_path / "t.npy", np.zeros(3))
    with pytest.raises(DataError, match=r"expected a matrix of numbers \[rows, columns\], got float64 \[3\]"):
        read_table(tmp_path / "t.npy")
    np.savez(tmp_path / "t.npz", a=np.eye(2), b=np.eye(2))
    with pytest.raises(DataError, match=r"expected an array 'x' \(and 'names'\), got a, b"):
        read_table(tmp_path / "t.npz")
    pq.write_table(pa.table({"a": [1.0, None]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="row 1, column 'a' is missing"):
        read_table(tmp_path / "t.parquet")
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="no column of numbers; left out: 'a' \\(string\\)"):
        read_table(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'a': expected numbers, got string"):
        read_table(tmp_path / "t.parquet", columns=["a"])
