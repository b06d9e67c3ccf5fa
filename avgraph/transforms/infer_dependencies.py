"""A dependency graph of concepts by GRaSP over a column for each ("Inferred Latent Interaction Graphs", Eq. 4-6)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.dag import infer_dependencies
from avgraph.errors import DataError, GraphError
from avgraph.graph.nodes import node_count, node_vector
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._concepts import concept_columns, with_concepts
from avgraph.transforms.concept_options import InferDependenciesOptions
from avgraph.transforms.dependency_edges import DependencyEdges

logger = logging.getLogger(__name__)

_LEAST = 1e-6  # a probability of 0 or 1 has no logit


class InferDependencies(BaseTransform):
    """Add (``concept``, ``relation``, ``concept``): the DAG of the columns, from parent to child.

    The DAG is that of `avgraph.dag.infer_dependencies` over the training rows: those of ``train_mask``, or all where
    there is none. Edges are sorted by parent, then child, and get ``edge_weight``, which sum to 1, and ``frequency``,
    the share of the search's starts that found the edge. Edges that the graph already has under the same type are
    replaced.

    Args:
        nodes: node types; node i of all is one thing, as a sound and its picture. The columns of the second follow
            those of the first.
        attribute: of these nodes, [n, c] each.
        concept: node type of the columns, in their order; made, and named after the classes, where there is none.
        relation: name of the relation.
        to_logits: take log(p / (1 - p)) of the attribute first: probabilities, of which the linear model says little.
        restarts, penalty_discount, l1, ridge, signs, seed, time_limit: see `avgraph.dag.infer_dependencies`.

    Raises:
        GraphError: if a node type or the attribute is missing, rows do not pair up, concepts are not as many as
            columns, or the columns are constant, collinear or not above the rows in number.

    Example:
        >>> draw = torch.Generator().manual_seed(0)
        >>> rain = torch.randn(200, 1, generator=draw)
        >>> data = HeteroData(audio={"x": rain + 0.3 * torch.randn(200, 2, generator=draw)})
        >>> found = InferDependencies(["audio"], attribute="x")(data)
        >>> found["concept"].name, found["concept", "drives", "concept"].edge_weight
        (['class 0', 'class 1'], tensor([1.]))
    """

    def __init__(
        self,
        nodes: Sequence[str],
        *,
        attribute: str = "score",
        concept: str = "concept",
        relation: str = "drives",
        to_logits: bool = False,
        restarts: int = 5,
        penalty_discount: float = 1.0,
        l1: float = 0.0,
        ridge: float | None = None,
        signs: Literal["absolute", "positive"] = "absolute",
        seed: int = 0,
        time_limit: float | None = None,
    ) -> None:
        check_arguments(
            InferDependenciesOptions, nodes=nodes, attribute=attribute, concept=concept, relation=relation,
            to_logits=to_logits, restarts=restarts, penalty_discount=penalty_discount, l1=l1, ridge=ridge, signs=signs,
            seed=seed, time_limit=time_limit,
        )  # fmt: skip
        self.nodes, self.attribute, self.concept, self.relation = list(nodes), attribute, concept, relation
        self.to_logits, self.seed, self.time_limit = to_logits, seed, time_limit
        self.restarts, self.penalty_discount, self.l1, self.ridge, self.signs = (
            restarts, penalty_discount, l1, ridge, signs,
        )  # fmt: skip

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        columns = concept_columns(data, self.nodes, self.attribute)
        rows = self._training_rows(data)
        names = with_concepts(data, self.concept, self.nodes, columns, self.attribute)
        table = torch.cat(columns, 1)[rows]
        if self.to_logits:
            table = self._logits(table)
        try:
            found = infer_dependencies(
                table, names=names, restarts=self.restarts, penalty_discount=self.penalty_discount, l1=self.l1,
                ridge=self.ridge, signs=self.signs, seed=self.seed, time_limit=self.time_limit,
            )  # fmt: skip
        except DataError as error:
            where = " and ".join(f"{node}.{self.attribute}" for node in self.nodes)
            raise GraphError(f"infer_dependencies: no dependency graph of {where}: {error}") from error
        if not found.dag.converged:
            logger.warning(
                "infer_dependencies: time is up after %d of %d starts: another run may find another graph",
                found.dag.n_starts, self.restarts,
            )  # fmt: skip
        data = DependencyEdges(found.weights, node=self.concept, relation=self.relation).forward(data)
        edges = data[self.concept, self.relation, self.concept]
        edges.frequency = torch.from_numpy(found.frequency).float()[edges.edge_index[0], edges.edge_index[1]]
        return data

    def _training_rows(self, data: HeteroData) -> Tensor:
        """Which rows may be learned from, as all node types say."""
        first, rows = self.nodes[0], node_count(data, self.nodes[0])
        masks = []
        for node in self.nodes:
            if (count := node_count(data, node)) != rows:
                told = f"expected as many {node!r} as {first!r} nodes, got {count} and {rows}"
                raise GraphError(f"infer_dependencies: {told}")
            known = "train_mask" in data[node]
            every = torch.ones(rows, dtype=torch.bool)
            masks.append(node_vector(data, node, "train_mask", torch.bool).cpu() if known else every)
            if not masks[-1].equal(masks[0]):
                raise GraphError(f"infer_dependencies: {first}.train_mask and {node}.train_mask differ")
        return masks[0]

    def _logits(self, table: Tensor) -> Tensor:
        outside = ((table < 0) | (table > 1)).nonzero()
        if len(outside):
            row, column = outside[0].tolist()
            got = f"{float(table[row, column]):g} in training row {row}, column {column}"
            raise GraphError(f"to_logits: expected probabilities in {self.attribute!r}, got {got}")
        return table.logit(_LEAST)

    def __repr__(self) -> str:
        return (
            f"InferDependencies({self.nodes!r}, attribute={self.attribute!r}, concept={self.concept!r}, "
            f"relation={self.relation!r})"
        )
