"""FilmTrust, Ciao and what every data set of ratings shares: their options. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Dataset, DatasetStatus, Root
from avgraph.graph.ratings import ITEM, RATES, TRUSTS, USER
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.problems import Path as OptionPath
from avgraph.options.values import Fraction, Seed, SyntheticOnMissing

if TYPE_CHECKING:
    import torch_geometric.data

    from avgraph.datasets.ratings.table import RatingTable


class Ratings(Dataset):
    """Base of data sets of ratings.

    Attributes:
        split: whether ratings are drawn from all, from those of every user, or the latest ones are held out.
        val_fraction: share of the ratings to choose settings by.
        test_fraction: share of the ratings to test on.
        seed: of the split.
    """

    split: Literal["random", "per_user", "by_time"] = "random"
    val_fraction: Fraction = 0.1
    test_fraction: Fraction = 0.1
    seed: Seed = 0

    @model_validator(mode="after")
    def _some_to_train_on(self) -> Ratings:
        held_out = self.drawn_share()
        if held_out >= 1:
            message = f"expected less than 1 together with val_fraction {self.val_fraction}, got {held_out:g}"
            raise mistakes([(("test_fraction",), message, self.test_fraction)])
        return self

    def drawn_share(self) -> float:
        """Share of the ratings that the split holds out of training."""
        return self.val_fraction + self.test_fraction

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph of users, items, ratings and links; see `avgraph.graph.ratings`.

        Shapes:
            (user, rates, item): rating float32 [e], train_mask, val_mask, test_mask bool [e].

        Raises:
            DataError: naming file and line of what cannot be used.

        Example:
            >>> FilmTrust(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.ratings.sets import load_ratings

        return load_ratings(self)

    def node_types(self) -> tuple[str, ...]:
        """Who rates, and what is rated."""
        return (USER, ITEM)

    def edge_types(self) -> dict[OptionPath, EdgeType]:
        """Ratings and links."""
        return {(): RATES, ("links",): TRUSTS}


class PublishedRatings(Ratings):
    """Base of the published ones, each in a folder of its own."""

    path_keys = ("root",)
    needed: ClassVar[tuple[tuple[str, ...], ...]]
    """Files of each layout that its folder may have."""
    homepage: ClassVar[str]
    """Where it can be had."""
    parts: ClassVar[tuple[str, ...]] = ()
    """What else ``variant`` may be than all of it."""

    root: FilePath | None = None
    on_missing: Sequence[Literal["download", "synthetic"]] = ("synthetic",)

    def read(self, folder: Path) -> RatingTable:
        """The ratings in a folder that has the files."""
        raise NotImplementedError(f"{type(self).__name__} has no read")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its folder, how many ratings it has, and what is left out of them."""
        from avgraph.datasets.ratings.sets import describe_ratings

        return describe_ratings(cls, root)


class FilmTrust(PublishedRatings):
    """FilmTrust: 35,494 ratings of 2,071 films by 1,508 people, and who trusts whom (Guo et al., IJCAI 2013).

    Attributes:
        root: folder of ``ratings.txt`` and ``trust.txt``; none looks in ``$AVGRAPH_DATA/filmtrust``, then in the user
            cache.
        split: whether ratings are drawn from all or from those of every user; it has no times.
        val_fraction: share of the ratings to choose settings by.
        test_fraction: share of the ratings to test on.
        seed: of the split.
        on_missing: ``[synthetic]`` takes made-up ratings where there are no files; empty makes that an error.
    """

    needed = (("ratings.txt", "trust.txt"),)
    homepage = "https://guoguibing.github.io/librec/datasets.html"

    type: Literal["filmtrust"] = "filmtrust"
    split: Literal["random", "per_user"] = "random"
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def read(self, folder: Path) -> RatingTable:
        """The ratings of `avgraph.datasets.ratings.trust_sets.read_filmtrust`."""
        from avgraph.datasets.ratings.trust_sets import read_filmtrust

        return read_filmtrust(folder)


class Ciao(PublishedRatings):
    """Ciao: 282,619 ratings of 105,096 products by 7,375 people, and who trusts whom (Tang et al., WSDM 2012).

    Ratings of 0 are no ratings and are left out; of several ratings of one product by one person the last row counts.
    The RR-Net paper's counts (6,052 people, 5,042 products) do not come out of the published files.

    Attributes:
        root: folder of ``rating.mat`` and ``trustnetwork.mat``; none looks in ``$AVGRAPH_DATA/ciao``, then in the user
            cache.
        variant: all ratings; the ``5-core``, in which everybody has rated and everything is rated five times or more;
            or the ``paper``'s filter, ids of at most five digits.
        split: whether ratings are drawn from all or from those of every user; it has no times.
        val_fraction: share of the ratings to choose settings by.
        test_fraction: share of the ratings to test on.
        seed: of the split.
        on_missing: ``[synthetic]`` takes made-up ratings where there are no files; empty makes that an error.
    """

    needed = (("rating.mat", "trustnetwork.mat"),)
    parts = ("5-core", "paper")
    homepage = "https://www.cse.msu.edu/~tangjili/datasetcode/truststudy.htm"

    type: Literal["ciao"] = "ciao"
    variant: Literal["full", "5-core", "paper"] = "full"
    split: Literal["random", "per_user"] = "random"
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def read(self, folder: Path) -> RatingTable:
        """The ratings of `avgraph.datasets.ratings.trust_sets.read_ciao`."""
        from avgraph.datasets.ratings.trust_sets import read_ciao

        return read_ciao(folder, self.variant)
