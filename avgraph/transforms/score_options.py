"""Options of the transforms of class scores. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from avgraph import transforms
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import TransformOptions
from avgraph.options.problems import Path
from avgraph.options.values import Fraction, Name, Positive

if TYPE_CHECKING:
    import torch_geometric.transforms


class CorrectAndSmoothOptions(TransformOptions):
    """The class scores of nodes are corrected and smoothed along their edges, by the classes of training nodes.

    Attributes:
        node: node type with class scores.
        relation: the edges within it, taken both ways.
        correction: share of what its neighbours are wrong by, in what a node is corrected by.
        smoothing: share of its neighbours in the score of a node.
        layers: hops, of either.
        autoscale: bring every correction to the size of the mean error; without it errors travel from training nodes
            that keep their own.
    """

    node_keys = ("node",)

    type: Literal["correct_and_smooth"] = "correct_and_smooth"
    node: Name
    relation: Name = "near"
    correction: Fraction = 0.8
    smoothing: Fraction = 0.5
    layers: Positive = 20
    autoscale: bool = False

    def needed_edges(self) -> tuple[tuple[Path, EdgeType], ...]:
        """Those that scores travel along."""
        return ((("relation",), (self.node, self.relation, self.node)),)

    def edge_types(self) -> tuple[EdgeType, ...]:
        """It adds none."""
        return ()

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.CorrectAndSmooth`."""
        return transforms.CorrectAndSmooth(**self.arguments())
