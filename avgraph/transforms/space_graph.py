"""The graph of spaces: a node per space, an edge per modality that two of them hold (C-MCR, NeurIPS 2023, 1)."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.overlaps import overlap_graph
from avgraph.graph.spaces import holders, state_name

SPACE, OVERLAPS = "space", ("space", "overlaps", "space")


class SpaceGraph(BaseTransform):
    """Add ``space`` nodes and (space, overlaps, space) edges for the spaces that the node types have rows in.

    ``data[node]["x_<space>"]`` are the rows of a node type in a space. Two spaces overlap in every node type with rows
    to train on in both; the edge names it as ``modality``. ``space`` nodes have ``name``, ``channels`` and ``holds``,
    the node types within.

    Raises:
        GraphError: if there are fewer than two spaces, some are not connected, or one has node types of different
            widths.

    Example:
        >>> data = HeteroData(text={"x_clap": torch.eye(2), "x_clip": torch.eye(2, 3)}, audio={"x_clap": torch.eye(2)})
        >>> data = SpaceGraph()(data)
        >>> data["space"].name, data["space", "overlaps", "space"].modality
        (['clap', 'clip'], ['text'])
    """

    def forward(self, data: HeteroData) -> HeteroData:
        """Add nodes and edges to ``data``; calling the transform instead adds them to a shallow copy."""
        if SPACE in data.node_types:
            raise GraphError(f"the graph has '{SPACE}' nodes already; rename that node type")
        every = holders(data)
        graph = overlap_graph(holders(data, training=True))
        names = list(graph.nodes)
        if lacking := [space for space in every if space not in names]:
            raise GraphError(f"space '{lacking[0]}' has no rows to train on, so nothing connects it")
        widths = []
        for space in names:
            found = {node: int(data[node][state_name(space)].shape[1]) for node in every[space]}
            if len(set(found.values())) > 1:
                told = ", ".join(f"{node} {width}" for node, width in found.items())
                raise GraphError(f"space '{space}': expected one width, got {told}")
            widths.append(next(iter(found.values())))
        store = data[SPACE]
        store.name, store.channels = names, torch.tensor(widths)
        store.holds = [", ".join(every[space]) for space in names]
        store.num_nodes = len(names)
        ends = list(graph.edges(keys=True))
        edges = data[OVERLAPS]
        edges.edge_index = torch.tensor([[names.index(end[side]) for end in ends] for side in (0, 1)])
        edges.modality = [modality for _, _, modality in ends]
        return data

    def __repr__(self) -> str:
        return "SpaceGraph()"
