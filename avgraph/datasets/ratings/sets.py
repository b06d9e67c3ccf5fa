"""Where a published set of ratings lies, what it holds, and the graph of it or of its stand-in."""

from __future__ import annotations

import logging
from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.ratings.graph import rating_graph
from avgraph.datasets.ratings.made_up import made_up_ratings
from avgraph.datasets.ratings.movielens import fetch_movielens
from avgraph.datasets.ratings.options import PublishedRatings, Ratings
from avgraph.datasets.ratings.own import read_own
from avgraph.datasets.ratings.own_options import RatingFiles
from avgraph.datasets.ratings.table import RatingTable
from avgraph.errors import DataError, line_of
from avgraph.graph.provenance import Provenance

logger = logging.getLogger(__name__)


def load_ratings(options: Ratings) -> HeteroData:
    """The graph of a set of ratings, or what ``on_missing`` allows in its place.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    name = options.type_name()
    table, source, settings = None, "real", {}
    if isinstance(options, RatingFiles):
        table = read_own(options)
    elif isinstance(options, PublishedRatings):
        settings = {key: getattr(options, key) for key in ("variant", "fold") if hasattr(options, key)}
        folder = _folder(options)
        if folder is None:
            logger.warning("%s: not found; using SYNTHETIC data in its place", name)
            note, source = f"synthetic stand-in for {name}: made from random numbers", "synthetic"
            table = made_up_ratings(note, settings.get("fold"))
        else:
            table = options.read(folder)
    assert table is not None
    return rating_graph(
        table,
        Provenance(name, source, settings, note=table.note),
        split=options.split,
        val_fraction=options.val_fraction,
        test_fraction=options.test_fraction,
        seed=options.seed,
    )


def describe_ratings(kind: type[PublishedRatings], root: str | Path | None) -> DatasetStatus:
    """What there is of it.

    Raises:
        DataError: if ``root`` is no folder, or what is there cannot be used.
    """
    name, located = kind.type_name(), _located(kind, root)
    if located.folder is None:
        fetched = f"`avgraph data fetch {name}` downloads it" if "download" in kind().on_missing else kind.homepage
        return DatasetStatus(name, kind.what(), "missing", looked=located.looked, note=fetched)
    table = kind().read(located.folder)
    told = [_counts(table), *([table.note] if table.note else [])]
    for variant in kind.parts:
        part = kind.model_validate({"type": name, "variant": variant}).read(located.folder)
        told.append(f"{variant}: {len(part):,} ratings, {_counts(part)}")
    return DatasetStatus(
        name,
        kind.what(),
        "real",
        folder=located.folder,
        looked=located.looked,
        layout=", ".join(_layout(kind, located.folder) or ()),
        unit="ratings",
        clips=len(table),
        note="; ".join(told),
    )


def _counts(table: RatingTable) -> str:
    users, items, links = len(table.user_name), len(table.item_name), table.links.shape[1]
    return f"{users:,} users, {items:,} items, {links:,} trust links"


def _layout(kind: type[PublishedRatings], folder: Path) -> tuple[str, ...] | None:
    return next((files for files in kind.needed if all((folder / file).is_file() for file in files)), None)


def _located(kind: type[PublishedRatings], root: str | Path | None) -> Located:
    return locate([kind.type_name()], root, lambda folder: _layout(kind, folder) is not None)


def _folder(options: PublishedRatings) -> Path | None:
    """Its folder; None where the stand-in takes its place."""
    located = _located(type(options), options.root)
    if located.folder is not None:
        return located.folder
    for action in options.on_missing if options.root is None else ():
        if action == "synthetic":
            return None
        try:
            if (folder := fetch_movielens()) is not None:
                return folder
        except (DataError, OSError) as error:
            if action == options.on_missing[-1]:
                raise
            logger.warning("%s: %s", options.type, line_of(error) if isinstance(error, OSError) else error)
    looked, expected = ", ".join(map(str, located.looked)), " or ".join(", ".join(part) for part in options.needed)
    raise DataError(f"{options.type}: not found in {looked}. Expected {expected}; see {options.homepage}")
