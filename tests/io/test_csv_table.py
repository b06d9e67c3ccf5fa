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
