"""Options of the graph transforms: each adds the edges of one relation. Imports no torch.

The constructors, ``KNN("audio", k=10)``, take the same names and defaults and are checked by these classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from avgraph import transforms
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import TransformOptions
from avgraph.options.mistakes import mistakes
from avgraph.options.values import Name, Positive, Rate

if TYPE_CHECKING:
    import torch_geometric.transforms

Solver = Literal["sinkhorn", "partial", "emd", "unbalanced"]
Scale = Literal["pairs", "edges"]


class KnnOptions(TransformOptions):
    """Every node gets edges from its ``k`` nearest neighbours of the same type or of another, by cosine similarity.

    Attributes:
        node: node type of the neighbours.
        k: neighbours per node.
        target: node type of those that get the edges, in the same space; ``node`` itself if not given.
        relation: name of the relation.
        within: only between nodes with the same value of this attribute, such as ``fold``.
        approximate: look for neighbours only in so many of 2·√n lists of like nodes, by faiss (extra ``[ann]``); none
            compares all. For a hundred thousand nodes and more; the share found is told.
    """

    node_keys = ("node", "target")

    type: Literal["knn"] = "knn"
    node: Name
    k: Positive
    target: Name | None = None
    relation: Name = "near"
    within: Name | None = None
    approximate: Positive | None = None

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.node, self.relation, self.target or self.node)

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.KNN`."""
        return transforms.KNN(**self.arguments())


class PairOptions(TransformOptions):
    """Base of the steps that join two node types.

    Attributes:
        source: node type.
        target: node type.
        relation: name of the relation.
    """

    node_keys = ("source", "target")

    source: Name
    target: Name
    relation: Name = "candidate"

    def edge_type(self) -> EdgeType:
        """The edge type it adds."""
        return (self.source, self.relation, self.target)


class CandidatesOptions(PairOptions):
    """Every source node gets edges to the ``k`` targets that its encoder scores highest.

    Attributes:
        k: candidates per source node.
        add_true: add the true target of a training node where it is not among them.
    """

    type: Literal["candidates"] = "candidates"
    k: Positive
    add_true: bool = False

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.Candidates`."""
        return transforms.Candidates(**self.arguments())


class CompleteOptions(PairOptions):
    """Every source node gets an edge to every target."""

    type: Literal["complete"] = "complete"

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.Complete`."""
        return transforms.Complete(**self.arguments())


class CouplingEdgesOptions(PairOptions):
    """Edges of an optimal-transport coupling of two node types whose features have one width.

    Attributes:
        solver: ``sinkhorn``, ``partial``, ``emd`` or ``unbalanced``.
        epsilon: weight of the entropy, of costs whose largest is 1; not for ``emd``, nor are ``max_iter`` and ``tol``.
        mass: total mass moved, of 1, for ``partial``.
        marginal_penalty: of marginals that are missed, for ``unbalanced``.
        unit_rows: scale features to length 1 first.
        along: relation of the edges that may be coupled; none couples any pair.
        threshold: least mass of an edge, as a share of 1/max(n, m).
        max_iter: iterations after which a solver gives up.
        tol: mass in the wrong place that is good enough.
        scale: which costs are at most 1: those of all pairs, or of the edges of ``along`` alone.
    """

    type: Literal["coupling_edges"] = "coupling_edges"
    relation: Name = "coupled"
    solver: Solver = "sinkhorn"
    epsilon: Rate = 0.05
    mass: Annotated[float, Field(gt=0, le=1)] | None = None
    marginal_penalty: Rate | None = None
    unit_rows: bool = True
    along: Name | None = None
    threshold: Annotated[float, Field(ge=0, lt=1)] = 1e-3
    max_iter: Positive = 2000
    tol: Rate = 1e-6
    scale: Scale = "pairs"

    @model_validator(mode="after")
    def _options_of_the_solver(self) -> CouplingEdgesOptions:
        for key, owner in (("mass", "partial"), ("marginal_penalty", "unbalanced")):
            value = getattr(self, key)
            if (value is not None) != (self.solver == owner):
                message = f"expected a number with solver '{owner}' and none with another, got solver '{self.solver}'"
                raise mistakes([((key,), message, value)])
        return self

    def unused(self) -> dict[str, str]:
        """What an exact solver does not have, and what is the same of all pairs."""
        limits = ("epsilon", "max_iter", "tol") if self.solver == "emd" else ()
        told = {} if self.along is not None else {"scale": "without along any pair may be coupled"}
        return told | dict.fromkeys(limits, "not with solver 'emd', which is exact")

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.CouplingEdges`."""
        return transforms.CouplingEdges(**self.arguments())


class MemoryEdgesOptions(PairOptions):
    """Every target node gets edges from the ``k`` rows of a memory that it attends to most.

    Attributes:
        source: node type of the memory.
        target: node type of the queries.
        relation: name of the relation.
        k: memory rows per node.
        temperature: of the softmax of cosine similarities over the whole memory.
        state: attribute of the target nodes in the space of the memory.
        chunk_size: memory rows at a time.
        memory_state: attribute of the source nodes in that space.
    """

    type: Literal["memory_edges"] = "memory_edges"
    relation: Name = "recalled"
    k: Positive
    temperature: Rate = 0.01
    state: Name = "x"
    chunk_size: Positive | None = None
    memory_state: Name = "x"

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """`avgraph.transforms.MemoryEdges`."""
        return transforms.MemoryEdges(**self.arguments())
