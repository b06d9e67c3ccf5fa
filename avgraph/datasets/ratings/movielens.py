"""MovieLens 100K as GroupLens publishes it, or as the PyPI wheel ``recbole`` holds a copy of it."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.datasets.fetched import fetched
from avgraph.datasets.ratings.table import RatingTable, last_of_each_pair, without_strangers
from avgraph.errors import DataError
from avgraph.io.download import download
from avgraph.io.files import atomic_path
from avgraph.io.files_read import checksums
from avgraph.io.table_reader import read_text_table
from avgraph.io.text_table import TextTable
from avgraph.io.zip_archive import ZIP_ERRORS, checked_members

WHEEL = (
    "https://files.pythonhosted.org/packages/ab/fe/7d606cb7cd2b166a36b100cb9435d21014ceee16c192d972deb0976967a8/"
    "recbole-1.2.1-py3-none-any.whl"
)
WHEEL_CHECKSUM = "sha256:9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
COPY = ("ml-100k.inter", "ml-100k.user", "ml-100k.item")
GENRES = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
_RATING = ("user", "item", "rating", "time")
_PERSON = ("user", "age", "gender", "occupation", "zip")
_FILM = ("item", "title", "date", "video_date", "url", *GENRES)


def fetch_movielens() -> Path | None:
    """Download the copy into the user's cache; None when ``AVGRAPH_OFFLINE`` is set.

    Raises:
        DataError: if the download fails or its checksum differs.
    """
    return fetched("movielens100k", WHEEL, _filled, _fill)


def _fill(folder: Path) -> None:
    wheel = download(WHEEL, folder / "recbole.whl", WHEEL_CHECKSUM)
    assert wheel is not None
    _unpack(wheel, folder)
    wheel.unlink()


def _filled(folder: Path) -> bool:
    return all((folder / name).is_file() for name in COPY)


def _unpack(wheel: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = checked_members(archive, wheel.stat().st_size)
            for name in COPY:
                with atomic_path(folder / name) as temporary:
                    temporary.write_bytes(archive.read(members[f"recbole/dataset_example/ml-100k/{name}"]))
    except ZIP_ERRORS as error:
        raise DataError(f"{wheel}: damaged archive: {error}") from error


def read_movielens(folder: Path, fold: int | None) -> RatingTable:
    """The ratings with attributes of people and films; with a fold its published test rows.

    Raises:
        DataError: naming file and line of what cannot be used, or if there are no published folds.
    """
    official = (folder / "u.data").is_file()
    if fold is not None and not (folder / f"u{fold}.base").is_file():
        raise DataError(f"dataset.fold: no u{fold}.base in {folder}; the published folds are in GroupLens' ml-100k")
    names = [f"u{fold}.base", f"u{fold}.test"] if fold is not None else ["u.data" if official else COPY[0]]
    people = _read(folder / ("u.user" if official else COPY[1]), _PERSON, "|" if official else "\t", official)
    films = _read(folder / ("u.item" if official else COPY[2]), _FILM, "|" if official else "\t", official)
    person, film = people.words("user"), films.words("item")
    parts = [_ratings(_read(folder / name, _RATING, "\t", official), person, film) for name in names]
    user, item, rating, time = (np.concatenate([part[key] for part in parts]) for key in range(4))
    whole = RatingTable(
        user.astype(np.int64),
        item.astype(np.int64),
        rating,
        person,
        film,
        time,
        is_test=None if fold is None else np.repeat([False, True], [len(part[0]) for part in parts]),
        user_x=_of_people(people),
        item_x=_of_films(films, official),
    )
    files = [*names, people.path.name, films.path.name]
    each = last_of_each_pair(whole)
    note = f"of {len(whole) - len(each)} repeated pairs the last counts" if len(each) < len(whole) else ""
    titles = [f"{number} {title}" for number, title in zip(film, films.words("title"), strict=True)]
    named = replace(each, item_name=titles)
    return replace(without_strangers(named), note=note, files=checksums({name: folder / name for name in files}))


def _read(path: Path, names: Sequence[str], delimiter: str, official: bool) -> TextTable:
    if official:
        return read_text_table(path, (), delimiter=delimiter, names=names, encoding="latin-1")
    table = read_text_table(path, (), delimiter=delimiter)
    short = {"user_id": "user", "item_id": "item", "timestamp": "time", "movie_title": "title", "release_year": "date"}
    columns = {short.get(name.split(":")[0], name.split(":")[0]): column for name, column in table.columns.items()}
    for name in names if "class" not in columns else ("item", "title", "date"):
        if name not in columns and name != "zip":
            raise DataError(f"{path}:1: column {name!r} is missing")
    return replace(table, columns=columns)


def _ratings(table: TextTable, person: Sequence[str], film: Sequence[str]) -> tuple[npt.NDArray[Any], ...]:
    """User, item, rating and time of every row."""
    user, item = (_numbers(table, key, known) for key, known in (("user", person), ("item", film)))
    return user, item, table.numbers("rating"), table.numbers("time")


def _numbers(table: TextTable, key: str, known: Sequence[str]) -> npt.NDArray[np.int64]:
    number = {name: row for row, name in enumerate(known)}
    found = np.array([number.get(word, -1) for word in table.words(key)])
    strangers = np.flatnonzero(found < 0)
    if strangers.size:
        row = int(strangers[0])
        raise DataError(f"{table.where(row)}: {key} {table.words(key)[row]!r} has no attributes")
    return found


def _of_people(table: TextTable) -> npt.NDArray[np.float32]:
    """Age in centuries, whether female, and the occupation, one-hot."""
    jobs = table.words("occupation")
    known = sorted(set(jobs))
    job = np.eye(len(known))[[known.index(one) for one in jobs]]
    female = np.array([one == "F" for one in table.words("gender")])
    return np.column_stack([table.numbers("age") / 100, female, job]).astype(np.float32)


def _of_films(table: TextTable, official: bool) -> npt.NDArray[np.float32]:
    """Year after 1900 in centuries (0: not known), and the genres, several-hot."""
    if official:
        genres = np.column_stack([table.numbers(genre) for genre in GENRES])
    else:
        words = [set(text.split()) for text in table.words("class")]
        genres = np.array([[genre in found for genre in GENRES] for found in words])
    year = np.array([int(date[-4:]) - 1900 if date[-4:].isdecimal() else 0 for date in table.words("date")])
    return np.column_stack([year / 100, genres]).astype(np.float32)
