"""What the classes of nodes are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.provenance import Provenance


def class_names(graph: HeteroData, node: str) -> dict[int, str]:
    """Class → its name, for a node type with ``y``; empty where the graph does not say.

    Its own ``class_names``; else those of the provenance; else the names of a node type with one node a class.

    Args:
        graph: with or without names.
        node: whose ``y`` they are of.

    Example:
        >>> import torch
        >>> graph = HeteroData(audio={"y": torch.tensor([1])}, label={"y": torch.arange(2), "name": ["dog", "rain"]})
        >>> class_names(graph, "audio")
        {0: 'dog', 1: 'rain'}
    """
    if isinstance(own := graph[node].get("class_names"), list):
        return dict(enumerate(own))
    classes: Any = Provenance.of(graph).classes
    if isinstance(classes, Mapping):
        classes = classes.get(node)
    if classes:
        return dict(enumerate(classes))
    for other in sorted(graph.node_types, key=lambda other: other == node):  # its own names last
        y, names = graph[other].get("y"), graph[other].get("name")
        one_a_class = isinstance(y, Tensor) and y.ndim == 1 and len(y.unique()) == len(y)
        if one_a_class and isinstance(names, list) and len(names) == len(y):
            return dict(zip(y.tolist(), names, strict=True))
    return {}
