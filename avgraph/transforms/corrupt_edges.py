"""Edges made wrong on purpose: what a method is worth where its pairs are noisy (m-LTM, ICLR 2024, 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.edges import edge_store, training_edges
from avgraph.graph.nodes import node_count
from avgraph.graph.pairs import label_pairs
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms.relation_options import CorruptEdgesOptions, Corruption

_REMOVED = "removed_edge_index"


class CorruptEdges(BaseTransform):
    """Make a ``share`` of the training edges of ``relation`` wrong, or take it away.

    Training edges are those of their ``train_mask``, or of that of their source nodes, or all: what is tested stays
    true. Every edge gets ``true_target``, what it had before the first such step (-1 where it came as ``corrupted``),
    and ``corrupted``, true where it has another; ``y`` is that of the new ends. Edges that are taken away are left as
    ``removed_edge_index`` [2, r].

    Args:
        relation: (source, relation, target).
        share: of the training edges, from 0 to 1.
        kind: ``"shuffled"`` deals the targets of the share out anew: an edge may by chance keep its own, and is then
            not marked. ``"replaced"`` gives each edge of the share another target, drawn from those of training edges,
            ``"outlier"`` one that no edge of the relation ends in, training or not. ``"removed"`` takes it away.
        seed: of the share and of the targets.

    Raises:
        GraphError: if there are no such edges, the share is outside 0 to 1, or there is no other target, or no outlier.

    Example:
        >>> data = HeteroData(audio={"num_nodes": 4}, text={"num_nodes": 4})
        >>> data["audio", "described", "text"].edge_index = torch.arange(4).repeat(2, 1)
        >>> edges = CorruptEdges(("audio", "described", "text"), 0.5, "replaced")(data)["audio", "described", "text"]
        >>> int(edges.corrupted.sum()), int((edges.edge_index[0] != edges.edge_index[1]).sum())
        (2, 2)
    """

    def __init__(self, relation: Sequence[str], share: float, kind: Corruption, *, seed: int = 0) -> None:
        options = check_arguments(CorruptEdgesOptions, relation=relation, share=share, kind=kind, seed=seed)
        source, name, target = options.relation
        self.relation: EdgeType = (source, name, target)
        self.share, self.kind, self.seed = share, kind, seed

    def forward(self, data: HeteroData) -> HeteroData:
        """Change the edges of ``data``; calling the transform instead changes those of a shallow copy."""
        edges = edge_store(data, self.relation)
        train = training_edges(data, self.relation).nonzero()[:, 0]
        before = edges.get("corrupted", torch.zeros(edges.edge_index.shape[1], dtype=torch.bool))
        if self.kind == "removed":
            chosen = train[chosen_rows(len(train), self.share, _generator(self.seed))]
            edges.corrupted = before
            _remove(edges, chosen)
            return data
        index = edges.edge_index.clone()
        try:
            spare = torch.ones(node_count(data, self.relation[2]), dtype=torch.bool)
            spare[index[1].cpu()] = False
            target = corrupted_targets(index[1, train].cpu(), self.kind, self.share, self.seed, spare.nonzero()[:, 0])
            index[1, train] = target.to(index)
        except GraphError as error:
            raise GraphError(f"corrupt_edges: {show_edge(self.relation)}: {error}") from error
        # Of an edge that came as corrupted nobody knows what it should be: it stays marked.
        edges.true_target = edges.get("true_target", edges.edge_index[1].masked_fill(before, -1))
        edges.corrupted = index[1] != edges.true_target
        edges.edge_index = index
        label_pairs(data, self.relation)
        return data

    def __repr__(self) -> str:
        return f"CorruptEdges({show_edge(self.relation)}, share={self.share}, kind={self.kind!r}, seed={self.seed})"


def corrupted_targets(target: Tensor, kind: Corruption, share: float, seed: int, spare: Tensor | None = None) -> Tensor:
    """Targets of which a share is ``"shuffled"`` among itself, ``"replaced"`` by another each, or by an ``"outlier"``.

    Args:
        target: of every edge.
        kind: as `CorruptEdges` has it.
        share: of the edges.
        seed: of the share and of the targets.
        spare: outliers: targets that no edge has.

    Shapes:
        target [n], spare [m] → [n]

    Raises:
        GraphError: if a target is to be replaced and there is no other, or no outlier.

    Example:
        >>> target = torch.arange(10)
        >>> noisy = corrupted_targets(target, "shuffled", 0.4, seed=0)
        >>> int((noisy != target).sum()) <= 4, sorted(noisy.tolist()) == target.tolist()
        (True, True)
    """
    rng = _generator(seed)
    rows = chosen_rows(len(target), share, rng)
    found = target.clone()
    if kind == "shuffled":
        found[rows] = target[rows[torch.from_numpy(rng.permutation(len(rows)))]]
        return found
    if kind == "outlier":
        if not len(rows):
            return found
        if spare is None or not len(spare):
            raise GraphError("every target has an edge: there is no outlier to replace one by")
        found[rows] = spare[torch.from_numpy(rng.integers(len(spare), size=len(rows)))]
        return found
    pool, place = target.unique(return_inverse=True)
    if len(rows) and len(pool) < 2:
        raise GraphError("there is no other target in the training edges to replace one by")
    drawn = torch.from_numpy(rng.integers(max(1, len(pool) - 1), size=len(rows)))
    found[rows] = pool[drawn + (drawn >= place[rows])]
    return found


def chosen_rows(count: int, share: float, rng: np.random.Generator) -> Tensor:
    """Sorted numbers of a share of so many rows.

    Example:
        >>> len(chosen_rows(10, 0.25, np.random.default_rng(0)))
        2
    """
    return torch.from_numpy(np.sort(rng.permutation(count)[: round(share * count)]))


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 1])


def _remove(edges: Any, chosen: Tensor) -> None:
    """Take edges away with all that is known of each, and keep their ends."""
    count, kept = edges.edge_index.shape[1], torch.ones(edges.edge_index.shape[1], dtype=torch.bool)
    kept[chosen] = False
    earlier = edges.get(_REMOVED, edges.edge_index[:, :0])
    gone = torch.cat([earlier, edges.edge_index[:, ~kept]], 1)
    for name, value in list(edges.items()):
        if name == "edge_index":
            edges[name] = value[:, kept]
        elif isinstance(value, Tensor) and value.dim() and len(value) == count and name != _REMOVED:
            edges[name] = value[kept]
        elif isinstance(value, list) and len(value) == count:
            edges[name] = [one for one, stays in zip(value, kept.tolist(), strict=True) if stays]
    edges[_REMOVED] = gone
