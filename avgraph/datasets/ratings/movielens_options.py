"""MovieLens 100K: its options. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avgraph.datasets.base import Fold
from avgraph.datasets.ratings.options import PublishedRatings
from avgraph.graph.ratings import RATES
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.problems import Path as OptionPath
from avgraph.options.values import Fraction, OnMissing

if TYPE_CHECKING:
    from avgraph.datasets.ratings.table import RatingTable


class MovieLens100K(PublishedRatings):
    """MovieLens 100K: 100,000 ratings of 1,682 films by 943 people, with attributes (Harper & Konstan, 2015).

    People have age, gender and occupation, films genres and a year. The published folds are in GroupLens' own folder
    alone (``u.data``, ``u.user``, ``u.item``, ``u1.base``, ``u1.test``, …); what is downloaded is the copy in the
    PyPI wheel ``recbole`` 1.2.1.

    Attributes:
        root: its folder; none looks in ``$AVGRAPH_DATA/movielens100k``, then in the user cache.
        split: whether ratings are drawn from all, from those of every user, or the latest ones are held out.
        val_fraction: share of the ratings to choose settings by; with a fold, of its training ratings.
        test_fraction: share of the ratings to test on.
        seed: of the split.
        fold: the published fold to test on; none draws a split.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
    """

    needed = (("u.data", "u.user", "u.item"), ("ml-100k.inter", "ml-100k.user", "ml-100k.item"))
    homepage = "https://grouplens.org/datasets/movielens/100k"

    type: Literal["movielens100k"] = "movielens100k"
    val_fraction: Fraction = 0.1
    fold: Fold | None = None
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def unused(self) -> dict[str, str]:
        """With a published fold there is no split to be drawn but that of validation."""
        keys = [key for key in ("split", "test_fraction") if getattr(self, key) != type(self).model_fields[key].default]
        told = f"not with fold {self.fold}, whose test ratings are published"
        return {} if self.fold is None else dict.fromkeys(keys, told)

    def drawn_share(self) -> float:
        """With a published fold validation alone is drawn."""
        return super().drawn_share() if self.fold is None else self.val_fraction

    def edge_types(self) -> dict[OptionPath, EdgeType]:
        """Ratings alone."""
        return {(): RATES}

    def read(self, folder: Path) -> RatingTable:
        """The ratings of `avgraph.datasets.ratings.movielens.read_movielens`."""
        from avgraph.datasets.ratings.movielens import read_movielens

        return read_movielens(folder, self.fold)

    @classmethod
    def fetch(cls) -> Path:
        """Download the wheel that holds a copy of it (2 MB), and unpack that."""
        from avgraph.datasets.fetched import demanded
        from avgraph.datasets.ratings.movielens import fetch_movielens

        return demanded(cls.type_name(), fetch_movielens())
