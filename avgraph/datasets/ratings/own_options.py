"""Your own ratings: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import model_validator

from avgraph.datasets.ratings.options import Ratings
from avgraph.graph.ratings import RATES, TRUSTS
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.inputs import Input, named
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.problems import Path as OptionPath


class RatingFiles(Ratings):
    """Your own ratings: a table ``user,item,rating[,time]`` (``.csv``, or ``.tsv``), and optional links between users.

    The first line names the columns, in any order; others are left alone. Users and items are what the table names,
    sorted by name. Every pair may be rated once.

    Attributes:
        ratings: table with the columns user, item, rating, and time where there is one (a number).
        links: table with the columns source and target, of users who have rated something.
        lowest: least rating that there can be; none takes any number.
        highest: largest rating that there can be; none takes any number.
        split: whether ratings are drawn from all, from those of every user, or the latest ones are held out.
        val_fraction: share of the ratings to choose settings by.
        test_fraction: share of the ratings to test on.
        seed: of the split.
    """

    path_keys = ("ratings", "links")

    type: Literal["ratings"] = "ratings"
    ratings: FilePath
    links: FilePath | None = None
    lowest: float | None = None
    highest: float | None = None

    @model_validator(mode="after")
    def _a_range(self) -> RatingFiles:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise mistakes([(("highest",), f"expected more than lowest, {self.lowest}", self.highest)])
        return self

    def edge_types(self) -> dict[OptionPath, EdgeType]:
        """Ratings, and links where they are named."""
        return {("ratings",): RATES, **({} if self.links is None else {("links",): TRUSTS})}

    def inputs(self) -> Iterator[Input]:
        """The tables."""
        yield from named(("ratings",), self.ratings, "table")
        yield from named(("links",), self.links, "table")
