"""What belongs together by pairs alone: a source and its targets, or a target and its sources, as one class."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.edges import edge_store
from avgraph.graph.nodes import node_count
from avgraph.graph.vocabulary import EdgeType, show_edge


def pair_groups(data: HeteroData, edge_type: EdgeType) -> tuple[Tensor, Tensor]:
    """A number for each source and each target, equal where they are a pair and only there.

    Shapes:
        → [n], [m] (int64); who is in no pair has a number of its own

    Raises:
        GraphError: as `edge_store`, or if pairs chain, so that no such numbers exist: of a sound with two texts one
            belongs to another sound, too.

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(3)}, text={"x": torch.eye(4)})
        >>> data["audio", "described", "text"].edge_index = torch.tensor([[0, 0, 1], [1, 3, 2]])
        >>> pair_groups(data, ("audio", "described", "text"))
        (tensor([0, 1, 2]), tensor([3, 0, 1, 0]))
    """
    source, _, target = edge_type
    index = edge_store(data, edge_type).edge_index.unique(dim=1).numpy()
    n, m = node_count(data, source), node_count(data, target)
    ends = (index[0], index[1] + n)
    table = coo_array((np.ones(index.shape[1], dtype=bool), ends), shape=(n + m, n + m))
    group = connected_components(table, directed=False)[1].astype(np.int64)
    # Every source of a group with every target of it: only then does the number say what the pairs do.
    pairs, sources, targets = (np.bincount(rows, minlength=n + m) for rows in (group[ends[0]], group[:n], group[n:]))
    if len(chained := np.flatnonzero((pairs > 0) & (pairs < sources * targets))):
        row = int(np.flatnonzero(group[:n] == chained[0])[0])
        told = f"{source} {row} shares a {target} with one that has others"
        raise GraphError(f"{show_edge(edge_type)}: {told}: what is right is not told by pairs alone, give 'y' to both")
    return torch.from_numpy(group[:n]), torch.from_numpy(group[n:])
