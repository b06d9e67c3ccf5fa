"""Whether there is something to learn from: candidate edges of training nodes, some of them right."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData
from torch_geometric.data.storage import EdgeStorage

from avgraph.errors import GraphError, first_few
from avgraph.graph.pairs import label_pairs
from avgraph.graph.vocabulary import EdgeType


def labelled_candidates(graph: HeteroData, inter: EdgeType) -> EdgeStorage:
    """The candidate edges of a graph; those of the user's own get their labels from the classes of their ends.

    Raises:
        GraphError: if there are none, or nothing to learn from, see `check_labelled`.
    """
    if inter not in graph.edge_types:
        known = ", ".join("-".join(kind) for kind in graph.edge_types) or "none"
        raise GraphError(f"rrnet: the graph has no {'-'.join(inter)} edges (it has {known})")
    if "y" not in graph[inter]:
        label_pairs(graph, inter)
    check_labelled(graph, inter[0], inter[2])
    edges: EdgeStorage = graph[inter]
    return edges


def check_labelled(graph: HeteroData, source: str, target: str) -> None:
    """Refuse a graph without a labelled candidate edge of a training node.

    Raises:
        GraphError: saying what is missing: classes of either node type, a split, training rows, or a right candidate.

    Example:
        >>> import torch
        >>> graph = HeteroData(audio={"x": torch.eye(2), "y": torch.tensor([0, 1])}, label={"x": torch.eye(2)})
        >>> graph["audio", "candidate", "label"].edge_index = torch.tensor([[0, 1], [0, 1]])
        >>> check_labelled(graph, "audio", "label")
        Traceback (most recent call last):
        avgraph.errors.GraphError: rrnet: 'label' nodes have no classes (y): give them the names ...
    """
    edges = graph[source, "candidate", target]
    if "y" in graph[source] and "y" in graph[target]:
        _check_classes_have_targets(graph, source, target)
    if "y" in edges and "train_mask" in edges and bool(edges.train_mask.any()):
        if bool((edges.y[edges.train_mask] > 0).any()):
            return
        wrong = f"no candidate of a training node is of its class; compare y of {source!r} with y of {target!r}"
        raise GraphError(f"rrnet: {wrong}, or give more candidates")
    if "y" not in graph[source]:
        raise GraphError(f"rrnet: {source!r} nodes have no classes (y) to learn")
    if "y" not in graph[target]:
        wanted = f"give them the names that the y of {source!r} uses, or a y of their own"
        raise GraphError(f"rrnet: {target!r} nodes have no classes (y): {wanted}")
    if "train_mask" not in graph[source]:
        raise GraphError(f"rrnet: {source!r} nodes have no split (train_mask): which may be learned from?")
    if not bool(graph[source].train_mask.any()):
        raise GraphError(f"rrnet: no {source!r} node is a training node (split: train)")
    raise GraphError(f"rrnet: no candidate edge belongs to a training node; give every {source!r} node candidates")


def _check_classes_have_targets(graph: HeteroData, source: str, target: str) -> None:
    """A node of a class that no target node is of could never be answered right."""
    y, there = graph[source].y, graph[target].y
    if len(rows := ((y >= 0) & ~torch.isin(y, there)).nonzero()):
        row, known = int(rows[0]), first_few(there.unique().tolist(), 10)
        told = f"{source}.y: row {row} is of class {int(y[row])}, but no {target!r} node is (they are of {known})"
        raise GraphError(f"rrnet: {told}; -1 is no class")
