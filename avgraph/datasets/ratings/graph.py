"""A table of ratings as a graph of users and items, with a split."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.ratings.splits import Split, split_ratings
from avgraph.datasets.ratings.table import RatingTable
from avgraph.graph.nodes import MASKS
from avgraph.graph.provenance import Provenance
from avgraph.graph.ratings import ITEM, RATES, TRUSTS, USER


def rating_graph(
    table: RatingTable, provenance: Provenance, *, split: Split, val_fraction: float, test_fraction: float, seed: int
) -> HeteroData:
    """Users, items, ratings and links; see `avgraph.graph.ratings`.

    Args:
        table: every pair once, sorted.
        provenance: of the data; the split is added to its settings.
        split, val_fraction, test_fraction, seed: see `avgraph.datasets.ratings.splits.split_ratings`.

    Raises:
        DataError: if the split cannot be made.

    Example:
        >>> table = RatingTable(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), ["ann", "bob"], ["film"])
        >>> data = rating_graph(table, Provenance(), split="random", val_fraction=0, test_fraction=0.5, seed=0)
        >>> data["user", "rates", "item"].rating, int(data["user", "rates", "item"].test_mask.sum())
        (tensor([4., 2.]), 1)
    """
    part = split_ratings(table, split, val_fraction, test_fraction, seed)
    data = HeteroData()
    for node, names, x in ((USER, table.user_name, table.user_x), (ITEM, table.item_name, table.item_x)):
        data[node].name, data[node].num_nodes = list(names), len(names)
        if x is not None:
            data[node].x = torch.from_numpy(x)
    edges = data[RATES]
    edges.edge_index = torch.from_numpy(np.stack([table.user, table.item]))
    edges.rating = torch.from_numpy(table.rating.astype(np.float32))
    if table.time is not None:
        edges.time = torch.from_numpy(table.time)
    for number, name in enumerate(MASKS):
        edges[name] = torch.from_numpy(part == number)
    if table.links.size:
        data[TRUSTS].edge_index = torch.from_numpy(np.ascontiguousarray(table.links))
    drawn: dict[str, Any] = {"split": split, "val_fraction": val_fraction, "test_fraction": test_fraction, "seed": seed}
    if table.is_test is not None:
        drawn = {"val_fraction": val_fraction, "seed": seed}
    Provenance(
        dataset=provenance.dataset,
        source=provenance.source,
        settings={**provenance.settings, **drawn},
        note=provenance.note or "",
        files=dict(table.files),
        leakage=[],
    ).write_to(data)
    return data
