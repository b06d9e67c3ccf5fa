"""Edges from the nearest neighbours of a node, of its own type or of another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import node_attribute, node_store
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.io.mapped_rows import Rows
from avgraph.runtime.progress import tell
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._found_rows import found_rows
from avgraph.transforms._new_rows import Edges, near_edges
from avgraph.transforms._unit_rows import UnitRows
from avgraph.transforms.nearest import asked_rows
from avgraph.transforms.options import KnnOptions


class KNN(BaseTransform):
    """Add (``node``, ``relation``, ``target``): edges from the ``k`` nearest ``node`` nodes to each target node.

    Row 0 of ``edge_index`` is the neighbour, row 1 the centre. Edges are sorted by centre, then by descending
    similarity, ties by index; every centre has exactly ``k``. ``edge_weight`` is the cosine similarity of
    ``x``. Edges that the graph already has under the same type are replaced.

    Args:
        node: node type of the neighbours.
        k: neighbours per centre.
        target: node type of the centres, whose ``x`` is of the same width; without it ``node`` itself, and then no node
            is its own neighbour.
        relation: name of the relation.
        within: attribute of the node types (a tensor or a list, one value per node); neighbours only among the
            nodes with the same value, as the same ``fold``; in a batch of graphs ``batch`` where none is named.
        approximate: look only into so many of 2·√n lists of like nodes, see `avgraph.transforms.nearest_neighbours`.
            The share of the exact neighbours that 256 centres get is told, and noted in the graph's ``provenance``.

    ``x`` may be an array mapped from a file; beside it and the edges a block of 256 MiB is taken.

    Raises:
        GraphError: if a node type or an attribute is missing, or as `avgraph.transforms.nearest_neighbours` and
            `avgraph.transforms.nearest_rows`.

    Example:
        >>> data = HeteroData(audio={"x": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])})
        >>> KNN("audio", k=1)(data)["audio", "near", "audio"].edge_index
        tensor([[2, 2, 0],
                [0, 1, 2]])
        >>> data["text"].x = torch.tensor([[0.0, 3.0]])
        >>> KNN("audio", k=2, target="text")(data)["audio", "near", "text"].edge_index
        tensor([[1, 2],
                [0, 0]])
    """

    def __init__(
        self,
        node: str,
        k: int,
        *,
        target: str | None = None,
        relation: str = "near",
        within: str | None = None,
        approximate: int | None = None,
    ) -> None:
        check_arguments(
            KnnOptions, node=node, k=k, target=target, relation=relation, within=within, approximate=approximate
        )
        self.node, self.target = node, None if target == node else target
        self.k, self.relation, self.within = k, relation, within
        self.approximate = approximate

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        centres = self.node if self.target is None else self.target
        x, query = (self._rows(data, node) for node in (self.node, centres))
        group, of_rows = (self._groups(data, node) for node in (centres, self.node))
        try:
            units = UnitRows("x", x)
            asked = units if self.target is None else asked_rows(query, units)
            found = found_rows(
                (asked, units), self.k, None, (group, of_rows), self.approximate, own=self.target is not None
            )
        except GraphError as error:
            names = self.node if self.target is None else f"x = {self.node}.x, query = {centres}.x"
            raise GraphError(f"{names}: {error}") from error
        index, similarity, share = found
        centre = torch.arange(len(query), device=index.device).repeat_interleave(self.k)
        edge_type = (self.node, self.relation, centres)
        if edge_type in data.edge_types:
            del data[edge_type]  # an attribute left over from other edges would be silently misaligned
        data[edge_type].edge_index = torch.stack([index.reshape(-1), centre])
        data[edge_type].edge_weight = similarity.reshape(-1)
        if share is not None:
            self._tell(data, edge_type, share)
        return data

    def _tell(self, data: HeteroData, edge_type: EdgeType, share: float) -> None:
        told = f"{show_edge(edge_type)} are approximate: {share:.1%} of the exact neighbours are found"
        tell(told)
        known = Provenance.of(data)
        replace(known, note="; ".join(part for part in (known.note, told) if part)).write_to(data)

    def link(self, data: HeteroData, new: HeteroData) -> dict[EdgeType, Edges]:
        """The edges of nodes that come later, each by itself, to and from nodes of the graph.

        A new centre is linked from its neighbours, and a new node to the centres whose neighbour it would be; within
        one node type it is both. Where it does not have the attribute ``within``, neighbours are sought among all.

        Args:
            data: the graph with the edges of this step.
            new: the new nodes; their numbers follow those of the graph.

        Raises:
            GraphError: if they lack what the edges are made by.
        """
        kind = (self.node, self.relation, self.target or self.node)
        joined = [node for node in dict.fromkeys(kind[::2]) if node in new.node_types]
        if not joined:
            return {}
        if self.within is None or all(self.within in new[node] for node in joined):
            edges, within = data[kind], self.within
        else:
            edges, within = KNN(self.node, self.k, target=self.target)(data)[self.node, "near", kind[2]], None
        least = torch.full((len(data[kind[2]].x),), torch.inf)
        least = least.scatter_reduce(0, edges.edge_index[1], edges.edge_weight, "amin")
        return {kind: near_edges(data, new, kind, self.k, least, within)}

    def _groups(self, data: HeteroData, node: str) -> Any:
        ends = {self.node, self.target or node}
        batched = (
            self.within is None and isinstance(data, Batch) and all("batch" in node_store(data, end) for end in ends)
        )
        within = "batch" if batched else self.within
        return None if within is None else node_attribute(data, node, within)

    def _rows(self, data: HeteroData, node: str) -> Rows:
        x: object = node_attribute(data, node, "x")
        if not isinstance(x, Tensor | np.ndarray):
            raise GraphError(f"{node}.x: expected a tensor, got {type(x).__name__}")
        return x

    def __repr__(self) -> str:
        near = "" if self.approximate is None else f", approximate={self.approximate}"
        of = "" if self.target is None else f"target={self.target!r}, "
        return f"KNN({self.node!r}, k={self.k}, {of}relation={self.relation!r}, within={self.within!r}{near})"
