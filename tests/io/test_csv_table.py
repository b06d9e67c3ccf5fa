"""Columns of a .csv: one, several by name or pattern, all; mistakes with their line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avgraph.errors import DataError
from avgraph.io.arrays import read_array
from avgraph.io.headers import check_array_file

TABLE = 'name,f0,f1,y,good,f10\n"a, b",1,2,cat,true,7\nc,3,4.5,dog,FALSE,8\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("\ufeff" + TABLE, encoding="utf-8")
    return tmp_path / "t.csv"


def test_columns_are_what_they_hold(table: Path) -> None:
    assert read_array(f"{table}:name").tolist() == ["a, b", "c"]
    assert read_array(f"{table}:f0").dtype == np.int64
    assert read_array(f"{table}:f1").tolist() == [2.0, 4.5]
    assert read_array(f"{table}:good").tolist() == [True, False]
    assert read_array(f"{table}:f*").tolist() == [[1, 2, 7], [3, 4.5, 8]]
    assert read_array(f"{table}:f10,f0").tolist() == [[7, 1], [8, 3]]
    assert read_array(f"{table}:f1*").shape == (2, 2)
    table.write_text("a,b\n1,2\n3,nan\n")
    assert np.isnan(read_array(table)[1, 1])


def test_mistakes_are_named(table: Path) -> None:
    for read in (read_array, check_array_file):
        with pytest.raises(DataError, match=r"t\.csv: no column 'nam'; did you mean 'name'\? it has: name, f0, f1"):
            read(f"{table}:nam")
    with pytest.raises(DataError, match=r"row 0 \(line 2\), column 'name': expected a number, got 'a, b'"):
        read_array(table)
    for text, told in (("", "it is empty"), ("a,a\n1,2\n", "the name 'a' of another"), ("a,\n1,2\n", "has no name")):
        table.write_text(text)
        for read in (read_array, check_array_file):
            with pytest.raises(DataError, match=told):
                read(f"{table}:a")
    table.write_text("a,b\n1\n")
    with pytest.raises(DataError, match=r"t\.csv"):
        read_array(f"{table}:a")
    table.write_bytes(b"a,b\n\xff,1\n")
    with pytest.raises(DataError, match=r"t\.csv"):
        read_array(f"{table}:a")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name;f0;f1\na;1;2\n", r"t\.csv: its first line, 'name;f0;f1', has semicolons; expected commas between"),
        (b"name\tf0\na\t1\n", r"has tabs; expected commas between columns"),
        (b"name,f0\n", r"t\.csv: holds no rows$"),
        (b"name,f0", r"t\.csv: holds no rows$"),
        (b"name,f0\r\na,1\r\n\r\nb\r\n", r"t\.csv:4: expected 2 values, got 1: 'b'"),
        (b'name,f0\n"a\nb",1\nc,x\n', r"row 1 \(line 4\), column 'f0': expected a number, got 'x'"),
        (b'name,f0\na,1\nb,"2\nc,3', r"t\.csv:3: a quotation mark that is not closed"),
        (b'name,f0\na,"1,5"\n', r"expected a number, got '1,5'; write a decimal point"),
        (b"name,f0\na,1\n\xfcber,2\n", r"t\.csv: not UTF-8 on line 3; save it as UTF-8"),
        ("name,f0\na,1\n".encode("utf-16"), "not UTF-8 on line 1"),
    ],
)  # fmt: skip
def test_a_wrong_table_gets_one_line(table: Path, content: bytes, told: str) -> None:
    table.write_bytes(content)
    with pytest.raises(DataError, match=told) as caught:
        read_array(f"{table}:f0,f0*")
    assert "\n" not in str(caught.value)


def test_tabs_line_ends_and_ids(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_bytes(b'name\tid\r\na "b\t007\r\nc, d\t010\r\n')
    check_array_file(f"{tmp_path}/t.tsv:id")
    assert read_array(f"{tmp_path}/t.tsv:name").tolist() == ['a "b', "c, d"]
    assert read_array(f"{tmp_path}/t.tsv:id").tolist() == ["007", "010"]  # names, not numbers
