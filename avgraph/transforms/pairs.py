"""The edges between two node types that a transform puts in place of others."""

from __future__ import annotations

import logging

import torch
from torch import Tensor
from torch_geometric.data import Batch, HeteroData

from avgraph.errors import GraphError
from avgraph.graph.pairs import label_pairs
from avgraph.graph.vocabulary import EdgeType, show_edge

logger = logging.getLogger(__name__)
_FEW = 0.95  # of the mass of a coupling


def set_pairs(
    data: HeteroData,
    edge_type: EdgeType,
    edge_index: Tensor,
    edge_weight: Tensor | None,
    *,
    labels_needed: bool = False,
) -> HeteroData:
    """Replace the edges of ``edge_type``; label them where both ends have ``y``, see `label_pairs`.

    Raises:
        GraphError: as `label_pairs`, or if an edge joins two graphs of a batch.
    """
    ends = [data[node].get("batch") for node in edge_type[::2]]
    if isinstance(data, Batch) and all(batch is not None for batch in ends) and edge_index.shape[1]:
        one, other = (batch[index.to(batch.device)] for batch, index in zip(ends, edge_index, strict=True))
        if not torch.equal(one, other):
            told = "joins graphs of a batch with each other; apply the transform to every graph, then batch them"
            raise GraphError(f"{show_edge(edge_type)}: {told}")
    if edge_type in data.edge_types:
        del data[edge_type]  # an attribute left over from other edges would be silently misaligned
    data[edge_type].edge_index = edge_index
    if edge_weight is not None:
        data[edge_type].edge_weight = edge_weight
    label_pairs(data, edge_type, needed=labels_needed)
    return data


def warn_of_lost_mass(edge_type: EdgeType, mass: Tensor, total: float, threshold: float) -> None:
    """Say how much of a coupling its edges hold, where a part that matters lies on pairs below the threshold."""
    kept = float(mass.sum()) / total
    if kept < _FEW:
        told = (
            "%s: %d edges hold %.1f %% of the mass; the rest lies on pairs below threshold / max(n, m), threshold = %g"
        )
        logger.warning(told, show_edge(edge_type), len(mass), 100 * kept, threshold)
