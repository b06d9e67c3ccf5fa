"""Clips of an audio-visual set as a graph: `audio` and `visual` nodes, one pair per clip, and `concept` nodes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.concepts import add_concepts
from avgraph.graph.provenance import Provenance


def clip_graph(
    audio: Tensor, visual: Tensor, y: Tensor, split: Tensor, classes: Sequence[str], provenance: Provenance
) -> HeteroData:
    """Graph without edges. Node i of ``audio`` and of ``visual`` belong to clip i.

    There are 2C concepts: every class as heard, then every class as seen.

    Shapes:
        audio [n, …], visual [n, …], y [n], split [n] (0, 1, 2) → concept.x the identity [2C, 2C], concept.y [2C]

    Example:
        >>> import torch
        >>> y, split = torch.tensor([0, 1]), torch.tensor([0, 2])
        >>> data = clip_graph(torch.zeros(2, 3), torch.zeros(2, 4), y, split, ["cat", "dog"], Provenance())
        >>> data["concept"].name
        ['cat (audio)', 'dog (audio)', 'cat (visual)', 'dog (visual)']
    """
    data = HeteroData()
    for node, x in (("audio", audio), ("visual", visual)):
        store = data[node]
        store.x, store.y = x, y.clone()
        store.train_mask, store.val_mask, store.test_mask = (split == number for number in range(3))
    add_concepts(data, "concept", dict.fromkeys(("audio", "visual"), classes))
    provenance.write_to(data)
    return data
