"""Options of the transforms that make edges of edges: paired, composed, corrupted. Imports no torch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from avgraph import transforms
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import TransformOptions
from avgraph.options.mistakes import mistake, mistakes
from avgraph.options.problems import Path, show
from avgraph.options.values import Name, Positive, Seed, Share, tuple_as_list
from avgraph.transforms.options import PairOptions

if TYPE_CHECKING:
    import torch_geometric.transforms

Corruption = Literal["shuffled", "replaced", "outlier", "removed"]


def _three_names(value: Any) -> Any:
    value = tuple_as_list(value)
    if not isinstance(value, list) or len(value) != 3:
        got = f"{len(value)} entries" if isinstance(value, list) else show(value)
        raise mistake(f"expected [source, relation, target], got {got}")
    return value


Relation = Annotated[list[Name], BeforeValidator(_three_names)]
"""Source node type, relation, target node type."""


class PairEdgesOptions(PairOptions):
    """Every source node gets an edge to each target node of the same ``y``, as a sound to its captions."""

    type: Literal["pair_edges"] = "pair_edges"
    relation: Name = "described"

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.PairEdges`."""
        return transforms.PairEdges(**self.arguments())


class ComposeEdgesOptions(TransformOptions):
    """Edges along a path of relations: weights multiplied on the way, and summed over all ways between two nodes.

    Attributes:
        path: relations as [source, relation, target], each from where the one before ends; ``rev_near`` walks ``near``
            backwards.
        k: edges per source node, the strongest.
        relation: name of the new relation.
        weights: attribute that holds the weights, for each relation of the path; none takes ``edge_weight``,
            ``attention``, ``mass`` or ``probability``, whichever the edges have, and 1 where they have none.
        loops: whether a node may have an edge to itself, where the path comes back to its node type.
    """

    type: Literal["compose_edges"] = "compose_edges"
    path: Annotated[list[Relation], Field(min_length=2), BeforeValidator(tuple_as_list)]
    k: Positive
    relation: Name = "composed"
    weights: Annotated[list[Name], BeforeValidator(tuple_as_list)] | None = None
    loops: bool = False

    @model_validator(mode="after")
    def _chained(self) -> ComposeEdgesOptions:
        for place, (one, other) in enumerate(pairwise(self.path)):
            if one[2] != other[0]:
                message = f"expected '{one[2]}', where path.{place} ends, got '{other[0]}'"
                raise mistakes([(("path", place + 1, 0), message, other)])
        if self.weights is not None and len(self.weights) != len(self.path):
            message = f"expected one for each of the {len(self.path)} relations of the path, got {len(self.weights)}"
            raise mistakes([(("weights",), message, self.weights)])
        return self

    def walked(self) -> list[tuple[EdgeType, bool]]:
        """The edges of the path, and whether they are walked backwards."""
        return [
            ((target, relation.removeprefix("rev_"), source), True)
            if relation.startswith("rev_")
            else ((source, relation, target), False)
            for source, relation, target in self.path
        ]

    def unused(self) -> dict[str, str]:
        """Nothing can be joined to itself where the path ends in another node type."""
        if not self.path or self.path[0][0] == self.path[-1][2]:
            return {}
        return {"loops": f"the path leads from '{self.path[0][0]}' to '{self.path[-1][2]}': there are no loops"}

    def needed_edges(self) -> tuple[tuple[Path, EdgeType], ...]:
        """Those of the path."""
        return tuple((("path", place), edge) for place, (edge, _) in enumerate(self.walked()))

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.path[0][0], self.relation, self.path[-1][2])

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.ComposeEdges`."""
        return transforms.ComposeEdges(**self.arguments())


class CorruptEdgesOptions(TransformOptions):
    """A share of the training edges of a relation is made wrong or taken away, and marked, as a test under noise.

    Attributes:
        relation: the edges, as [source, relation, target].
        share: of the training edges: those of their ``train_mask``, or of that of their source nodes, or all.
        kind: ``shuffled`` deals the targets of the share out anew, ``replaced`` gives each edge of it another target of
            a training edge, ``outlier`` one that no edge ends in and nothing belongs to, ``removed`` takes it away.
        seed: of the share and of the targets.
    """

    type: Literal["corrupt_edges"] = "corrupt_edges"
    relation: Relation
    share: Share
    kind: Corruption
    seed: Seed = 0

    def needed_edges(self) -> tuple[tuple[Path, EdgeType], ...]:
        """Those that it corrupts."""
        source, relation, target = self.relation
        return ((("relation",), (source, relation, target)),)

    def edge_types(self) -> tuple[EdgeType, ...]:
        """It adds none."""
        return ()

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.CorruptEdges`."""
        return transforms.CorruptEdges(**self.arguments())
