"""Options of the methods."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from avgraph.config.options import Count, EdgeType, MethodOptions, Name, Positive, mistakes


class RrnetOptions(MethodOptions):
    """RR-Net: relational reasoning over two intra graphs and one inter graph.

    Attributes:
        source, target: the two node types that candidate edges join.
        hidden_channels: width of all node and edge states.
        intra_units, inter_units: how many of each; they take turns, and what is left over comes last.
        incidence: whether a node sees every edge it is an end of, or incoming ones only.
        baseline_logit: add the encoder's log-probability of an edge to its logit.
        edge_score: give candidate edges the encoder's score as an attribute.
    """

    node_keys = ("source", "target")

    type: Literal["rrnet"] = "rrnet"
    source: Name = "audio"
    target: Name = "label"
    hidden_channels: Positive = 16
    intra_units: Count = 1
    inter_units: Count = 1
    aggr: Literal["mean", "sum"] = "mean"
    incidence: Literal["both", "target"] = "both"
    reduction: Literal["mean", "sum"] = "mean"
    loss: Literal["bce", "cross_entropy"] = "bce"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    baseline_logit: bool = False
    edge_score: bool = False

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """What it decides about: candidate edges."""
        return ((self.source, "candidate", self.target),)

    @model_validator(mode="after")
    def _some_unit(self) -> RrnetOptions:
        if self.intra_units + self.inter_units == 0:
            message = "expected at least one unit, got 0 intra_units and 0 inter_units"
            raise mistakes([(("inter_units",), message, 0)])
        return self
