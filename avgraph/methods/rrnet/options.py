"""Options of RR-Net, and the graph it is trained on where an experiment declares none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import model_validator

from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import MethodOptions, TransformOptions
from avgraph.options.mistakes import mistakes
from avgraph.options.values import Count, Fraction, Name, Positive

if TYPE_CHECKING:
    import avgraph.methods.rrnet.task


def check_units(intra_units: int, inter_units: int) -> None:
    """Refuse intra units that would come after the last inter unit, which alone tells pairs what nodes know.

    Raises:
        ValidationError: at the intra units.
    """
    if intra_units > inter_units:
        told = f"expected at most inter_units ({inter_units}), got {intra_units}: nothing reads what comes later"
        raise mistakes([(("intra_units",), told, intra_units)])


class RrnetOptions(MethodOptions):
    """RR-Net: relational reasoning over two intra graphs and one inter graph.

    The defaults are what works on data that nobody tuned for (docs/defaults.md); ``configs/rrnet/`` has the paper's.

    Attributes:
        source: the node type whose nodes are mapped; edges within it are intra edges.
        target: the node type that they are mapped to; (source, candidate, target) is the inter graph.
        hidden_channels: width of all node and edge states.
        intra_units: how many, at most as many as inter units, with which they take turns.
        inter_units: how many, those left over come last; alone they hand what nodes know to the candidate edges.
        aggr: how a node takes up the states of its edges.
        incidence: whether a node sees every edge it is an end of, or incoming ones only.
        reduction: of the loss over labelled candidate edges; the sum is the paper's Eq. 9, for small learning rates.
        loss: of the candidates of a source node against each other, or (``bce``, Eq. 9) of every edge by itself.
        dropout: of the features and of what the decoder sees.
        baseline_logit: start from the log-probability that the encoder gives a candidate edge, where it gives one;
            training then only corrects it. With ``loss: bce``, a sigmoid of each edge, a sure one then starts at ½.
        edge_score: give edges their similarity, and candidate edges the encoders' scores, where there are any.
        standardize: bring every feature to mean 0 and deviation 1 over the training nodes.
        product: where no encoder's probability is there to start from, add the product of the two ends' projections to
            the logit of an edge (not in the paper).
        batch_size: labelled source nodes a step, each with all its candidates and the neighbourhood that the units
            need, which is all that the device holds; none takes the whole graph. It is evaluated in such parts too.
        fan_out: most edges of a relation that a node of a batch takes up, drawn anew in every step; none takes all,
            which gives the numbers of the whole graph. A target of thousands of candidates is better with it, and with
            several inter units needs it.
        node_score: give source nodes the logarithm of the encoders' scores as features too, so that the units carry
            what a neighbour is taken for along near edges (not in the paper).
        known_labels: tell the units the class of the training nodes around those of a batch, never of the batch itself
            (Shi et al., "Masked label prediction", IJCAI 2021; not in the paper).

    Example:
        >>> [step.type for step in RrnetOptions(source="user", target="item").recipe()]
        ['knn', 'knn', 'candidates']
    """

    node_keys = ("source", "target")
    came_later: ClassVar[Mapping[str, Any]] = {"product": False, "batch_size": None, "node_score": False}
    chosen_by: ClassVar[str] = "accuracy"
    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 100,
        "optimizer": {"type": "adamw", "lr": 0.003, "weight_decay": 0.1},
        "schedule": "cosine",
    }

    type: Literal["rrnet"] = "rrnet"
    source: Name = "audio"
    target: Name = "label"
    hidden_channels: Positive = 16
    intra_units: Count = 1
    inter_units: Positive = 1
    aggr: Literal["mean", "sum"] = "mean"
    incidence: Literal["both", "target"] = "both"
    reduction: Literal["mean", "sum"] = "mean"
    loss: Literal["bce", "cross_entropy"] = "cross_entropy"
    dropout: Fraction = 0.5
    baseline_logit: bool = True
    edge_score: bool = True
    standardize: bool = True
    product: bool = True
    batch_size: Positive | None = None
    fan_out: Positive | None = None
    node_score: bool = False
    known_labels: bool = False

    @model_validator(mode="after")
    def _two_node_types(self) -> RrnetOptions:
        if self.source == self.target:
            message = f"expected another node type than the source, got '{self.target}' for both"
            raise mistakes([(("target",), message, self.target)])
        return self

    @model_validator(mode="after")
    def _every_unit_is_read(self) -> RrnetOptions:
        check_units(self.intra_units, self.inter_units)
        return self

    @model_validator(mode="after")
    def _mean_of_few(self) -> RrnetOptions:
        if self.fan_out is not None and self.aggr == "sum":
            message = "expected none with aggr: sum: the sum over a few edges is no estimate of that over all"
            raise mistakes([(("fan_out",), message, self.fan_out)])
        return self

    def recipe(self) -> tuple[TransformOptions, ...]:
        """The paper's graph for ESC-50: 10 near sources, 2 near targets, 20 candidates."""
        from avgraph.transforms.options import CandidatesOptions, KnnOptions

        return (
            KnnOptions(node=self.source, k=10),
            KnnOptions(node=self.target, k=2),
            CandidatesOptions(source=self.source, target=self.target, k=20),
        )

    def task(self) -> avgraph.methods.rrnet.task.RRNetTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.rrnet.task import RRNetTask

        return RRNetTask(self)

    def undivided(self) -> str | None:
        """Each process takes some of the nodes of a batch; the whole graph is not split."""
        whole = "a step of rrnet is the whole graph; method.batch_size makes batches, which can be split over processes"
        return whole if self.batch_size is None else None

    def unused(self) -> dict[str, str]:
        """What only intra units have, and what belongs to batches alone."""
        found = {}
        if self.intra_units == 0:
            found["incidence"] = "there is no intra unit (intra_units is 0)"
            if self.inter_units == 1:
                found["aggr"] = "no edge reads what the only inter unit tells the nodes (intra_units is 0)"
        if self.batch_size is None:
            found["fan_out"] = "not without batch_size: the whole graph is taken"
            found["known_labels"] = "not without batch_size: every training node would be told its own class"
        return found

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """What it decides about: candidate edges."""
        return ((self.source, "candidate", self.target),)

    def classified(self) -> str:
        """The sources: which target is each one's?"""
        return self.source
