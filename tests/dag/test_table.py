from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.dag.table import read_table
from avgraph.errors import DataError
from avgraph.export import export_graph


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
        ("a,b\n1,True\n3,maybe\n", r"row 1 \(line 3\), column 'b': expected true or false, got 'maybe'"),
        ("a,b\n1,True\n3,1\n", r"row 1 \(line 3\), column 'b': expected true or false, got '1'"),
        ("a,b\n1,2\n3,True\n", r"row 1 \(line 3\), column 'b': expected a number, got 'True'"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "t.csv")


def test_true_and_false_are_numbers_in_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,wet\n1,True\n2, false\n3,TRUE\n")
    pq.write_table(pa.table({"a": [1, 2, 3], "wet": [True, False, True]}), tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        table = read_table(tmp_path / name)
        assert (table.names, table.left_out) == (("a", "wet"), ())
        assert table.x.tolist() == [[1, 1], [2, 0], [3, 1]]


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


def test_columns_by_name_and_by_pattern(tmp_path: Path) -> None:
    text = "day,rain,mfcc_0,mfcc_1,a*\nMon,1,2,3,4\nTue,5,6,7,8\n"
    for name, writes in (("t.csv", text.encode()), ("t.parquet", None)):
        if writes is None:
            columns = {"day": ["Mon", "Tue"], "rain": [1, 5], "mfcc_0": [2, 6], "mfcc_1": [3, 7], "a*": [4, 8]}
            pq.write_table(pa.table(columns), tmp_path / name)
        else:
            (tmp_path / name).write_bytes(writes)
        whole = read_table(tmp_path / name)
        assert whole.names == ("rain", "mfcc_0", "mfcc_1", "a*")
        assert [words.split(" ")[0] for words in whole.left_out] == ["'day'"]
        assert read_table(tmp_path / name, ["mfcc_*", "rain"]).names == ("rain", "mfcc_0", "mfcc_1")
        assert read_table(tmp_path / name, ["mfcc_*"], ["mfcc_1"]).names == ("mfcc_0",)
        assert read_table(tmp_path / name, ["a*"]).names == ("a*",)  # a name that is there is no pattern
        assert read_table(tmp_path / name, drop=["mfcc*", "day"]).left_out == ()
        with pytest.raises(DataError, match=r"^columns: no column 'rian'; did you mean 'rain'\? there are: day, rain"):
            read_table(tmp_path / name, ["rian"])
        with pytest.raises(DataError, match=r"^drop: no column 'x'; there are: day"):
            read_table(tmp_path / name, drop=["x"])
        with pytest.raises(DataError, match=r"row 0 .*'day': expected a number, got 'Mon'|'day': expected numbers"):
            read_table(tmp_path / name, ["day", "rain"])
    np.save(tmp_path / "t.npy", np.arange(6.0).reshape(2, 3))
    assert read_table(tmp_path / "t.npy", drop=["x1"]).x.tolist() == [[0, 2], [3, 5]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\nx,1\n2,2\n", r"row 0 \(line 2\), column 'a': expected a number, got 'x'"),  # numbers with one word
        ("a,b\nNA,1\n2,2\n", r"row 0 \(line 2\), column 'a': expected a number, got 'NA'"),  # missing: no text
        ("a,b\nx,y\n", "no column of numbers; left out: 'a'"),
    ],
)
def test_text_is_left_out_only_where_a_column_is_all_text(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "t.csv")


def test_an_exported_table_of_nodes_is_read_with_its_lists(tmp_path: Path) -> None:
    data = HeteroData()
    data["clip"].name = ["a", "b", "c"]
    data["clip"].x = torch.arange(6.0).reshape(3, 2)
    data["clip"].level = torch.tensor([3, 4, 6])
    data["clip", "near", "clip"].edge_index = torch.tensor([[0], [1]])
    table = read_table(export_graph(data, tmp_path / "g.parquet") / "nodes-clip.parquet")
    assert table.names == ("x[0]", "x[1]", "level")
    assert table.x.tolist() == [[0, 1, 3], [2, 3, 4], [4, 5, 6]]
    assert table.left_out == ("'index' (row numbers)", "'label' (string)", "'name' (string)")
    nodes = tmp_path / "g.parquet" / "nodes-clip.parquet"
    assert read_table(nodes, ["x"]).names == ("x[0]", "x[1]")
    assert read_table(nodes, ["x[1]", "index"]).x.tolist() == [[0, 1], [1, 3], [2, 5]]
    with pytest.raises(DataError, match=r"g\.parquet: is a folder; name one table in it, such as .*nodes-TYPE\."):
        read_table(tmp_path / "g.parquet")
    pq.write_table(pa.table({"x": [[1.0], [2.0, 3.0]]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'x': expected lists of one length, got lists of 1 to 2 values"):
        read_table(tmp_path / "t.parquet")
    pq.write_table(pa.table({"x": [[1.0], None]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="row 1, column 'x' is missing"):
        read_table(tmp_path / "t.parquet")
