"""The dependency graphs of several checkpoints, as a learned graph keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from torch_geometric.data import HeteroData

from avgraph.dag import edge_frequency


@dataclass(frozen=True)
class Snapshots:
    """Graphs over the same concepts at several epochs.

    Attributes:
        names: of the concepts, those heard first.
        epochs: when.
        weights: parent row → child column.

    Shapes:
        weights [len(epochs), p, p]
    """

    names: tuple[str, ...]
    epochs: tuple[int, ...]
    weights: Float[np.ndarray, "t p p"]

    def frequency(self) -> Float[np.ndarray, "p p"]:
        """Share of the graphs that have each edge (Eq. 9)."""
        return edge_frequency(self.weights)


def read_snapshots(graph: HeteroData, node: str = "concept") -> Snapshots | None:
    """The (node, drove, node) edges of a learned graph by epoch; None where it has none.

    Example:
        >>> import torch
        >>> graph = HeteroData(concept={"name": ["dog (audio)", "dog (visual)"], "snapshot_epochs": [3, 5]})
        >>> edges = graph["concept", "drove", "concept"]
        >>> edges.edge_index, edges.epoch = torch.tensor([[0], [1]]), torch.tensor([5])
        >>> edges.edge_weight = torch.ones(1)
        >>> read_snapshots(graph).frequency()
        array([[0. , 0.5],
               [0. , 0. ]])
    """
    if (node, "drove", node) not in graph.edge_types:
        return None
    concept, edges = graph[node], graph[node, "drove", node]
    epochs: list[Any] = list(concept.snapshot_epochs)
    weights = np.zeros((len(epochs), len(concept.name), len(concept.name)))
    number = [epochs.index(epoch) for epoch in edges.epoch.tolist()]
    parent, child = edges.edge_index.cpu().numpy()
    weights[number, parent, child] = edges.edge_weight.cpu().numpy()
    return Snapshots(tuple(concept.name), tuple(epochs), weights)
