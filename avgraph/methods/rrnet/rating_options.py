"""Options of RR-Net for ratings. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from avgraph.graph.ratings import CANDIDATES, RATES
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.options import check_units
from avgraph.options.base import MethodOptions, TransformOptions
from avgraph.options.values import Count, Fraction, Positive

if TYPE_CHECKING:
    import avgraph.methods.rrnet.rating_task

OpenShare = Annotated[float, Field(gt=0, lt=1)]


class RrnetRatingsOptions(MethodOptions):
    """RR-Net on ratings: users and items, known ratings as the inter graph, links and likeness as intra graphs.

    Edges within users or within items are intra edges. From the second inter unit on pairs that are asked about read
    what known ratings have told users and items before; they send nothing, so that no prediction depends on which other
    pairs are asked about. The defaults pass no messages: they are a pairwise network on what the graph's steps say of a
    pair, statistics of its neighbours' ratings out of fold, which did best on validation ratings
    (docs/methods/ratings.md). ``configs/rrnet/`` has the paper's settings.

    Attributes:
        hidden_channels: width of all node and edge states.
        intra_units: how many, at most as many as inter units, with which they take turns.
        inter_units: how many, those left over come last; the last one hands what nodes know to the pairs.
        aggr: how a node takes up the states of its edges.
        incidence: whether a node sees every intra edge it is an end of, or incoming ones only.
        dropout: of the features and of what the decoder sees.
        head: a probability of each level of the ratings, or one number by squared error (the paper).
        start: what a prediction starts from, so that training only corrects it: the mean rating, the biases of user and
            item, or the ``level_probability`` that a step of the graph (rating_model) gave. With ``head: squared`` it
            stays 2 % of the scale away from the ends, where a sigmoid could not be corrected.
        damping: of the biases that are started from and that are told as the baseline.
        features: of users and items beside their attributes, where they have any: numbers of U[0, 1) (the paper), or
            embeddings that are learned, or none.
        feature_channels: how many.
        standardize: bring attributes of nodes and pairs to mean 0 and deviation 1, of pairs over the training ratings.
        rating_messages: let known ratings say how much, with two inter units or more; each step then hides some of them
            and asks for these.
        hidden_share: of the training ratings, that a step hides.
        product: add the product of the two ends' projections to the first number of a pair (not in the paper).
        direct: add what a perceptron with one hidden layer says of what is known of a pair alone (not in the paper).
        recommend: how many of its candidates a user is recommended; 0 for none.
        liked: rating from which an item counts as liked in the probability of a recommendation; none: the mean rating.

    Example:
        >>> [step.type for step in RrnetRatingsOptions().recipe()]
        ['unrated', 'rating_statistics']
    """

    chosen_by: ClassVar[str] = "mae"
    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 150,
        "optimizer": {"type": "adamw", "lr": 0.003, "weight_decay": 0.1},
        "schedule": "cosine",
    }

    type: Literal["rrnet_ratings"] = "rrnet_ratings"
    hidden_channels: Positive = 16
    intra_units: Count = 0
    inter_units: Positive = 1
    aggr: Literal["mean", "sum"] = "mean"
    incidence: Literal["both", "target"] = "both"
    dropout: Fraction = 0.2
    head: Literal["ordinal", "squared"] = "ordinal"
    start: Literal["mean", "biases", "model"] = "biases"
    damping: Annotated[float, Field(ge=0)] = 5.0
    features: Literal["uniform", "embedding", "none"] = "none"
    feature_channels: Positive = 128
    standardize: bool = True
    rating_messages: bool = False
    hidden_share: OpenShare = 0.3
    product: bool = False
    direct: bool = True
    recommend: Count = 10
    liked: float | None = None

    @model_validator(mode="after")
    def _every_unit_is_read(self) -> RrnetRatingsOptions:
        check_units(self.intra_units, self.inter_units)
        return self

    def unused(self) -> dict[str, str]:
        """What other options leave without effect."""
        found = {}
        if self.inter_units == 1:
            last = "the only inter unit is the last one, and what it tells the nodes reaches no pair (inter_units is 1)"
            found["rating_messages"] = found["hidden_share"] = last
            if self.intra_units == 0:
                found["aggr"] = f"{last}, and there is no intra unit (intra_units is 0)"
        elif not self.rating_messages:
            found["hidden_share"] = "not without rating_messages: nothing is hidden"
        if self.intra_units == 0:
            found["incidence"] = "there is no intra unit (intra_units is 0)"
        if self.features == "none":
            found["feature_channels"] = "not with features 'none'"
        if self.head == "squared" or not self.recommend:
            found["liked"] = "only of recommendations with head 'ordinal', which has probabilities"
        return found

    def recipe(self) -> tuple[TransformOptions, ...]:
        """Fifty candidates a user, and the statistics of all pairs."""
        from avgraph.transforms.rating_options import RatingStatisticsOptions, UnratedOptions

        return (UnratedOptions(), RatingStatisticsOptions())

    def task(self) -> avgraph.methods.rrnet.rating_task.RatingTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.rrnet.rating_task import RatingTask

        return RatingTask(self)

    def undivided(self) -> str:
        """It has no batches."""
        return "a step of rrnet_ratings is the whole graph, which is not split over processes"

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """What it learns from: ratings; and candidates where it recommends."""
        return (RATES, CANDIDATES) if self.recommend else (RATES,)
