"""Concept nodes: the classes as each modality has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch_geometric.data import HeteroData


def add_concepts(data: HeteroData, concept: str, classes: Mapping[str, Sequence[str]]) -> None:
    """Make a node of every class of every modality, in place, modality after modality.

    Nodes are called as their classes, with the modality where there are several; ``y`` is the number of the class,
    ``x`` the identity.

    Args:
        data: the graph.
        concept: the node type to make.
        classes: modality → names of its classes, in order.

    Example:
        >>> data = HeteroData()
        >>> add_concepts(data, "concept", {"audio": ["cat", "dog"], "visual": ["cat", "dog"]})
        >>> data["concept"].name, data["concept"].y.tolist()
        (['cat (audio)', 'dog (audio)', 'cat (visual)', 'dog (visual)'], [0, 1, 0, 1])
    """
    store = data[concept]
    store.x = torch.eye(sum(map(len, classes.values())))
    store.y = torch.cat([torch.arange(len(names)) for names in classes.values()])
    several = len(classes) > 1
    store.name = [f"{name} ({part})" if several else name for part, names in classes.items() for name in names]
