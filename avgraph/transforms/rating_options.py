"""Options of the transforms of rating graphs. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from avgraph import transforms
from avgraph.graph.ratings import CANDIDATES
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import TransformOptions
from avgraph.options.values import Count, Name, NonNegative, Positive, Seed

if TYPE_CHECKING:
    import torch_geometric.transforms

Folds = Annotated[int, Field(ge=2)]


class CoRatedOptions(TransformOptions):
    """Every item gets edges from the ``k`` items that the same users rate alike, or every user from users like them.

    Attributes:
        node: ``item`` or ``user``.
        k: neighbours a node.
        relation: name of the relation.
    """

    type: Literal["co_rated"] = "co_rated"
    node: Literal["item", "user"] = "item"
    k: Positive = 10
    relation: Name = "near"

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.node, self.relation, self.node)

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.CoRated`."""
        return transforms.CoRated(**self.arguments())


class UnratedOptions(TransformOptions):
    """Every user gets candidate edges to the ``k`` unrated items that like items speak for most.

    Attributes:
        k: candidates a user.
        neighbours: how many like items speak for an item.
        damping: of the biases.
    """

    type: Literal["unrated"] = "unrated"
    k: Positive = 50
    neighbours: Positive = 50
    damping: NonNegative = 5.0

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return CANDIDATES

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.Unrated`."""
        return transforms.Unrated(**self.arguments())


class RatingStatisticsOptions(TransformOptions):
    """Ratings and candidates get 17 statistics of the known ratings around their user and item as ``edge_attr``.

    Attributes:
        neighbours: how many like users and like items count.
        damping: of the biases, ratings of the mean that everybody is given beside their own.
        folds: of the training ratings, each of which is described by the ratings of the other folds.
        seed: of the folds.
    """

    type: Literal["rating_statistics"] = "rating_statistics"
    neighbours: Positive = 50
    damping: NonNegative = 5.0
    folds: Folds = 5
    seed: Seed = 0

    def edge_type(self) -> None:
        """None: it adds attributes to the edges that are there."""
        return None

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.RatingStatistics`."""
        return transforms.RatingStatistics(**self.arguments())


class RatingModelOptions(TransformOptions):
    """Ratings and candidates get the ``level_probability`` of a Bayesian factorisation machine (extra ``ratings``).

    Attributes:
        rank: width of the factors.
        samples: Gibbs samples of a chain; the first tenth is dropped.
        chains: how many, each with a seed of its own; their probabilities are averaged.
        implicit: let a user's factors hold which items they have rated, and an item's who has rated it.
        links: let a user's factors hold whom they are linked to.
        folds: of the training ratings, each of which is predicted from the ratings of the other folds.
        seed: of the folds and the samples.
    """

    type: Literal["rating_model"] = "rating_model"
    rank: Count = 8
    samples: Annotated[int, Field(ge=10)] = 200
    chains: Positive = 1
    implicit: bool = True
    links: bool = True
    folds: Folds = 5
    seed: Seed = 0

    def edge_type(self) -> None:
        """None: it adds attributes to the edges that are there."""
        return None

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.RatingModel`."""
        return transforms.RatingModel(**self.arguments())
