"""A user's own table of ratings: what it becomes, and one line for what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avgraph.datasets import RatingFiles
from avgraph.datasets.ratings.splits import split_ratings
from avgraph.datasets.ratings.table import RatingTable
from avgraph.errors import ConfigError, DataError
from avgraph.graph.ratings import RATES, TRUSTS

ROWS = ["user,item,rating,time", "bob,x,3,5", "ann,x,4.5,1", "ann,y,2,2", "bob,y,1,3"]


def load(folder: Path, rows: list[str] = ROWS, links: list[str] | None = None, **options: object):  # type: ignore[no-untyped-def]
    (folder / "r.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    named = {}
    if links is not None:
        (folder / "l.csv").write_text("\n".join(links) + "\n", encoding="utf-8")
        named = {"links": str(folder / "l.csv")}
    fractions = {"val_fraction": 0.25, "test_fraction": 0.25}
    return RatingFiles(ratings=str(folder / "r.csv"), **named, **{**fractions, **options}).load()


def test_a_table_becomes_a_graph(tmp_path: Path) -> None:
    data = load(tmp_path, links=["source,target", "ann,bob"])
    assert data["user"].name == ["ann", "bob"]
    assert data["item"].name == ["x", "y"]
    assert data[RATES].edge_index.tolist() == [[0, 0, 1, 1], [0, 1, 0, 1]]
    assert data[RATES].rating.tolist() == [4.5, 2, 3, 1]
    assert data[RATES].time.tolist() == [1, 2, 5, 3]
    assert data[TRUSTS].edge_index.tolist() == [[0], [1]]


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    turned = ["rating,item,extra,user"] + [
        ",".join((row.split(",")[2], row.split(",")[1], "?", row.split(",")[0])) for row in reversed(ROWS[1:])
    ]
    one, other = load(tmp_path), load(tmp_path, turned)
    for key in ("edge_index", "rating", "test_mask"):
        assert one[RATES][key].tolist() == other[RATES][key].tolist()


def test_numbers_are_sorted_as_numbers_and_a_tsv_has_tabs(tmp_path: Path) -> None:
    path = tmp_path / "r.tsv"
    path.write_text('user\titem\trating\n10\ta "b" c\t1\n9\tq\t2\n', encoding="utf-8")
    data = RatingFiles(ratings=str(path), val_fraction=0.0, test_fraction=0.5).load()
    assert data["user"].name == ["9", "10"]
    assert 'a "b" c' in data["item"].name


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["user,item,stars", "a,b,1"], r"r.csv:1: column 'rating' is missing; expected user, item, rating, got user, "),
        ([*ROWS, "cid,x,nan,1"], r"r.csv:6: rating: expected a finite number, got 'nan'"),
        ([*ROWS, "cid,x,good,1"], r"r.csv:6: rating: expected a finite number, got 'good'"),
        ([*ROWS, "", "cid,x,7,1"], r"r.csv:7: rating: expected 1 to 5, got 7"),
        ([*ROWS, "cid,x,0.5,1"], r"r.csv:6: rating: expected 1 to 5, got 0.5"),
        ([*ROWS, ",x,3,1"], r"r.csv:6: user is empty"),
        ([*ROWS, "ann, x,3,1"], r"r.csv:6: user 'ann' has rated item 'x' before, on line 3"),
        ([*ROWS, "cid,x,3"], r"r.csv:6: expected 4 values, got 3: 'cid,x,3'"),
        ([*ROWS, "cid,x,3,soon"], r"r.csv:6: time: expected a finite number, got 'soon'"),
        (ROWS[:1], r"r.csv: holds no rows"),
    ],
)  # fmt: skip
def test_a_wrong_table_gets_one_line(tmp_path: Path, rows: list[str], told: str) -> None:
    with pytest.raises(DataError, match=told) as caught:
        load(tmp_path, rows, lowest=1.0, highest=5.0)
    assert "\n" not in str(caught.value)


def test_a_link_of_a_stranger(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"l.csv:3: no user 'anne' in .*r.csv; did you mean 'ann'"):
        load(tmp_path, links=["source,target", "ann,bob", "bob,anne"])


def test_options_that_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="highest: expected more than lowest, 5"):
        RatingFiles(ratings="r.csv", lowest=5.0, highest=1.0)
    with pytest.raises(ConfigError, match=r"test_fraction: expected less than 1 together with val_fraction 0.5, got 1"):
        RatingFiles(ratings="r.csv", val_fraction=0.5, test_fraction=0.5)


def many(seed: int = 0) -> RatingTable:
    rng = np.random.default_rng(seed)
    pairs = rng.choice(50 * 40, 700, replace=False)
    user, item = pairs // 40, pairs % 40
    names = [str(row) for row in range(50)], [str(row) for row in range(40)]
    return RatingTable(user, item, rng.random(700), *names, time=rng.random(700))


def test_splits_by_time_hold_the_latest_out() -> None:
    table = many()
    part = split_ratings(table, "by_time", 0.1, 0.2, 0)
    assert table.time is not None
    latest = [table.time[part == number] for number in range(3)]
    assert [len(times) for times in latest] == [490, 70, 140]
    assert latest[0].max() < latest[1].min() <= latest[1].max() < latest[2].min()


def test_splits_per_user_leave_everybody_something() -> None:
    table = many()
    part = split_ratings(table, "per_user", 0.25, 0.25, 3)
    for user in np.unique(table.user):
        count = np.bincount(part[table.user == user], minlength=3)
        quarter = count.sum() // 4
        assert count.tolist() == [count.sum() - 2 * quarter, quarter, quarter]


def test_a_split_without_time_or_without_ratings(tmp_path: Path) -> None:
    without = [row.rpartition(",")[0] for row in ROWS]
    with pytest.raises(DataError, match=r"dataset.split: by_time: the ratings have no time"):
        load(tmp_path, without, split="by_time")
    with pytest.raises(DataError, match=r"dataset.val_fraction: 0.1 of 4 ratings, split random, leaves none"):
        load(tmp_path, val_fraction=0.1)
