"""FilmTrust and Ciao as published: ratings, and who trusts whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from avgraph.datasets.checks import check_finite
from avgraph.datasets.ratings.table import Floats, RatingTable, core, last_of_each_pair, without_strangers
from avgraph.errors import DataError
from avgraph.io.files_read import checksums
from avgraph.io.matlab import read_matlab
from avgraph.io.reading import reading
from avgraph.io.table_reader import read_text_table

_CORE = 5
_LONGEST_ID = 99_999


def read_filmtrust(folder: Path) -> RatingTable:
    """``ratings.txt`` (user item rating) and ``trust.txt`` (truster trustee 1).

    Raises:
        DataError: naming file and line of what cannot be used.
    """
    files = {name: folder / name for name in ("ratings.txt", "trust.txt")}
    table = read_text_table(files["ratings.txt"], (), delimiter=" ", names=("user", "item", "rating"))
    trust = read_text_table(files["trust.txt"], (), delimiter=" ", names=("truster", "trustee", "value"))
    (user,), user_name = table.ids("user")
    (item,), item_name = table.ids("item")
    (truster, trustee), people = trust.ids("truster", "trustee")
    number = {name: row for row, name in enumerate(user_name)}
    row = np.array([number.get(name, -1) for name in people])
    links = np.stack([row[truster], row[trustee]])
    raters = (links >= 0).all(0)
    raw = RatingTable(user, item, table.numbers("rating"), user_name, item_name, links=links[:, raters])
    return _finished(raw, f"{int((~raters).sum())} links of people who have rated nothing are left out", files)


def read_ciao(folder: Path, variant: Literal["full", "5-core", "paper"]) -> RatingTable:
    """``rating.mat`` (user, product, category, rating, helpfulness) and ``trustnetwork.mat`` (truster, trustee).

    Raises:
        DataError: naming the file that cannot be used.
    """
    files = {name: folder / name for name in ("rating.mat", "trustnetwork.mat")}
    rows, links = _matrix(files["rating.mat"], "rating", 4), _matrix(files["trustnetwork.mat"], "trustnetwork", 2)
    people, user = np.unique(rows[:, 0], return_inverse=True)
    things, item = np.unique(rows[:, 1], return_inverse=True)
    both = np.isin(links[:, :2], people).all(1)
    raw = RatingTable(
        user.reshape(-1),
        item.reshape(-1),
        rows[:, 3],
        [str(int(one)) for one in people],
        [str(int(one)) for one in things],
        links=np.searchsorted(people, links[both, :2]).T,
    )
    short = (rows[:, :2] <= _LONGEST_ID).all(1) if variant == "paper" else np.ones(len(rows), bool)
    rated = rows[:, 3] > 0
    note = f"{int((~rated).sum())} ratings of 0 and {int((~both).sum())} links of strangers are left out"
    return _finished(raw.rows(short & rated), note, files, least=_CORE if variant == "5-core" else 1)


def _finished(raw: RatingTable, note: str, files: dict[str, Path], least: int = 1) -> RatingTable:
    each = last_of_each_pair(raw)
    repeated = f"of {len(raw) - len(each)} repeated pairs the last counts"
    return replace(without_strangers(core(each, least)), note=f"{note}; {repeated}", files=checksums(files))


def _matrix(path: Path, key: str, columns: int) -> Floats:
    with reading(path, ".mat"):
        found = read_matlab(path, [key])
        if key not in found:
            raise DataError(f"{path}: has no matrix {key!r}")
        matrix = found[key].astype(np.float64)
        if matrix.ndim != 2 or matrix.shape[1] < columns or not len(matrix):
            raise DataError(f"{path}: {key}: expected [n, {columns} or more], got {list(matrix.shape)}")
        check_finite(matrix, f"{path}: {key}")
    return matrix
