"""The user's own tables of ratings and links."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from avgraph.datasets.ratings.own_options import RatingFiles
from avgraph.datasets.ratings.table import Ints, RatingTable, last_of_each_pair
from avgraph.errors import DataError, did_you_mean
from avgraph.io.files_read import checksums
from avgraph.io.table_reader import read_text_table
from avgraph.io.text_table import TextTable


def read_own(options: RatingFiles) -> RatingTable:
    """The ratings of a table, and the links of another one.

    Raises:
        DataError: naming file and line, if a column is missing, a rating is no number or out of range, a pair is rated
            twice, or a link names somebody who has rated nothing.
    """
    path = Path(options.ratings)
    table = read_text_table(path, ("user", "item", "rating"))
    (user,), user_name = table.ids("user")
    (item,), item_name = table.ids("item")
    rating = table.numbers("rating")
    low, high = (-np.inf if options.lowest is None else options.lowest), options.highest
    wrong = np.flatnonzero((rating < low) | (rating > (np.inf if high is None else high)))
    if wrong.size:
        row = int(wrong[0])
        allowed = f"{'any' if options.lowest is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"
        raise DataError(f"{table.where(row)}: rating: expected {allowed}, got {rating[row]:g}")
    time = table.numbers("time") if "time" in table.columns else None
    found = RatingTable(user, item, rating, user_name, item_name, time)
    _refuse_repeated(table, found)
    files = {path.name: path}
    links = np.empty((2, 0), np.int64)
    if options.links is not None:
        links_path = Path(options.links)
        files[links_path.name] = links_path
        links = _links(read_text_table(links_path, ("source", "target")), user_name, path)
    return last_of_each_pair(RatingTable(user, item, rating, user_name, item_name, time, links, files=checksums(files)))


def _refuse_repeated(table: TextTable, found: RatingTable) -> None:
    _, first, back = np.unique(found.pairs(), return_index=True, return_inverse=True)
    again = np.flatnonzero(first[back] != np.arange(len(found)))
    if again.size:
        row = int(again[0])
        user, item = found.user_name[found.user[row]], found.item_name[found.item[row]]
        before = table.where(int(first[back[row]])).rpartition(":")[2]
        raise DataError(f"{table.where(row)}: user {user!r} has rated item {item!r} before, on line {before}")


def _links(table: TextTable, users: list[str], ratings: Path) -> Ints:
    (source, target), people = table.ids("source", "target")
    number = {name: row for row, name in enumerate(users)}
    row_of = np.array([number.get(name, -1) for name in people])
    links = np.stack([row_of[source], row_of[target]])
    strangers = np.flatnonzero((links < 0).any(0))
    if strangers.size:
        row = int(strangers[0])
        name = next(people[end[row]] for end in (source, target) if row_of[end[row]] < 0)
        close = did_you_mean(name, users)
        raise DataError(f"{table.where(row)}: no user {name!r} in {ratings}{close and '; '}{close}")
    return links
