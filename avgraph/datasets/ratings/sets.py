"""Where a published set of ratings lies, what it holds, and the graph of it or of its stand-in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.missing import first_found
from avgraph.datasets.ratings.graph import rating_graph
from avgraph.datasets.ratings.made_up import made_up_ratings
from avgraph.datasets.ratings.movielens import fetch_movielens
from avgraph.datasets.ratings.options import PublishedRatings, Ratings
from avgraph.datasets.ratings.own import read_own
from avgraph.datasets.ratings.own_options import RatingFiles
from avgraph.datasets.ratings.table import RatingTable
from avgraph.errors import DataError
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
        found = _found(options, settings.get("fold"))
        if isinstance(found, RatingTable):
            table, source = found, "synthetic"
        else:
            table = options.read(found)
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


def _found(options: PublishedRatings, fold: int | None) -> Path | RatingTable:
    """Its folder, or the table of the stand-in."""
    located = _located(type(options), options.root)
    found: Path | RatingTable | None = located.folder
    if found is None and options.root is None:
        actions: dict[str, Callable[[], Path | RatingTable | None]] = {
            "download": fetch_movielens,
            "synthetic": lambda: _stand_in(options.type_name(), fold),
        }
        found = first_found(options.type_name(), options.on_missing, actions)
    if found is None:
        looked, expected = ", ".join(map(str, located.looked)), " or ".join(", ".join(part) for part in options.needed)
        raise DataError(f"{options.type}: not found in {looked}. Expected {expected}; see {options.homepage}")
    return found


def _stand_in(name: str, fold: int | None) -> RatingTable:
    logger.warning("%s: not found; using SYNTHETIC data in its place", name)
    return made_up_ratings(f"synthetic stand-in for {name}: made from random numbers", fold)
