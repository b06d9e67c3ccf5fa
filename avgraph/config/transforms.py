"""Options of the graph transforms: each adds the edges of one relation."""

from __future__ import annotations

from typing import Literal

from avgraph.config.options import EdgeType, Name, Positive, TransformOptions
from avgraph.config.paths import FilePath


class KnnOptions(TransformOptions):
    """Every node gets edges from its ``k`` nearest neighbours of the same type, by cosine similarity.

    Attributes:
        within: only between nodes with the same value of this attribute, such as ``fold``.
    """

    node_keys = ("node",)

    type: Literal["knn"] = "knn"
    node: Name
    k: Positive
    relation: Name = "near"
    within: Name | None = None

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.node, self.relation, self.node)


class _PairOptions(TransformOptions):
    node_keys = ("source", "target")

    source: Name
    target: Name
    relation: Name = "candidate"

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.source, self.relation, self.target)


class CandidatesOptions(_PairOptions):
    """Every source node gets edges to the ``k`` targets that its encoder scores highest.

    Attributes:
        add_true: add the true target of a training node where it is not among them.
    """

    type: Literal["candidates"] = "candidates"
    k: Positive
    add_true: bool = False


class CompleteOptions(_PairOptions):
    """Every source node gets an edge to every target."""

    type: Literal["complete"] = "complete"


class DependencyEdgesOptions(TransformOptions):
    """Edges between concepts from a matrix of weights, parent row → child column.

    Attributes:
        weights: file of the matrix [p, p], such as ``weights.npy`` or ``bundle.npz:key``.
    """

    node_keys = ("node",)
    path_keys = ("weights",)

    type: Literal["dependency_edges"] = "dependency_edges"
    weights: FilePath
    node: Name = "concept"
    relation: Name = "drives"

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.node, self.relation, self.node)
