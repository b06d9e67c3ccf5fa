"""Options of the transforms that make edges of concepts: what drives and what activates them. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from avgraph import transforms
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import TransformOptions
from avgraph.options.dependency_search import DependencySearch
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Name, Positive, Rate, Seed, each_once, tuple_as_list

if TYPE_CHECKING:
    import torch_geometric.transforms

Nodes = Annotated[list[Name], Field(min_length=1), BeforeValidator(tuple_as_list), AfterValidator(each_once)]


class _ConceptOptions(TransformOptions):
    """Base of the steps that read a column per concept.

    Attributes:
        nodes: node types; the columns of the second follow those of the first, a concept each.
        attribute: of these nodes [n, c]: a column for each class, such as the scores of an encoder.
        concept: node type of the columns, in their order; made, and named after the classes, where there is none.
        relation: name of the relation.
    """

    node_keys = ("nodes",)

    nodes: Nodes
    attribute: Name = "score"
    concept: Name = "concept"

    def made_nodes(self) -> tuple[str, ...]:
        """The concepts."""
        return (self.concept,)


class InferDependenciesOptions(DependencySearch, _ConceptOptions):
    """A dependency graph of concepts, (concept, drives, concept), found by GRaSP in a column for each.

    Attributes:
        to_logits: take log(p / (1 - p)) of the attribute first, which then holds probabilities.
        seed: of the search.
        time_limit: seconds after which the best graph so far is taken, with a warning; none takes all it needs.
    """

    type: Literal["infer_dependencies"] = "infer_dependencies"
    relation: Name = "drives"
    to_logits: bool = False
    seed: Seed = 0
    time_limit: Rate | None = None

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.concept, self.relation, self.concept)

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.InferDependencies`."""
        return transforms.InferDependencies(**self.arguments())


class ActivationEdgesOptions(_ConceptOptions):
    """Every node gets edges to the concepts whose soft label is above a threshold.

    Attributes:
        threshold: of a soft label, above which a concept is active.
        k: most concepts per node and node type, the strongest; none is all that are active.
        from_logits: the attribute holds logits; soft labels are their sigmoid.
    """

    type: Literal["activation_edges"] = "activation_edges"
    relation: Name = "activates"
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.5
    k: Positive | None = None
    from_logits: bool = False

    def edge_types(self) -> tuple[EdgeType, ...]:
        """The edge types it adds, one for each node type."""
        return tuple((node, self.relation, self.concept) for node in self.nodes)

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.ActivationEdges`."""
        return transforms.ActivationEdges(**self.arguments())


class DependencyEdgesOptions(TransformOptions):
    """Edges between concepts from a matrix of weights, parent row → child column.

    Attributes:
        weights: file of the matrix [p, p], such as ``weights.npy`` or ``bundle.npz:key``.
        node: node type with p nodes.
        relation: name of the relation.
    """

    node_keys = ("node",)
    path_keys = ("weights",)

    type: Literal["dependency_edges"] = "dependency_edges"
    weights: FilePath
    node: Name = "concept"
    relation: Name = "drives"

    def inputs(self) -> Iterator[Input]:
        """The file of the matrix."""
        return named(("weights",), self.weights, "numbers")

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.node, self.relation, self.node)

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.DependencyEdges`."""
        return transforms.DependencyEdges(**self.arguments())
