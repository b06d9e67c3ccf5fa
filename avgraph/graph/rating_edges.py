"""What transforms and methods read from the ratings of a graph: those that may be known, and pairs to ask about."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError, hint
from avgraph.graph.nodes import node_count
from avgraph.graph.ratings import CANDIDATES, ITEM, RATES, USER
from avgraph.graph.vocabulary import EdgeType, show_edge


@dataclass(frozen=True)
class KnownRatings:
    """The training ratings of a graph.

    Attributes:
        edge_index: user and item of each [2, e].
        rating: [e].
        edge: which edge of `RATES` each is [e].
        users, items: how many there are, with a training rating or without.
    """

    edge_index: Tensor
    rating: Tensor
    edge: Tensor
    users: int
    items: int

    def rows(self, keep: Tensor) -> KnownRatings:
        """Some of them."""
        return KnownRatings(self.edge_index[:, keep], self.rating[keep], self.edge[keep], self.users, self.items)


def known_ratings(data: HeteroData) -> KnownRatings:
    """The training ratings of a graph; the ``rating`` of another edge is never looked at.

    Raises:
        GraphError: if there are none, or they are not finite.

    Example:
        >>> data = HeteroData(user={"num_nodes": 2}, item={"num_nodes": 1})
        >>> data["user", "rates", "item"].edge_index = torch.tensor([[0, 1], [0, 0]])
        >>> data["user", "rates", "item"].rating = torch.tensor([4.0, float("nan")])
        >>> data["user", "rates", "item"].train_mask = torch.tensor([True, False])
        >>> known_ratings(data).rating
        tensor([4.])
    """
    if RATES not in data.edge_types:
        has = hint(show_edge(RATES), [show_edge(kind) for kind in data.edge_types], "the graph has")
        raise GraphError(f"no ratings {show_edge(RATES)}; {has}")
    edges, users, items = data[RATES], node_count(data, USER), node_count(data, ITEM)
    count = edges.edge_index.shape[1]
    for name, is_right in (("rating", torch.is_floating_point), ("train_mask", lambda mask: mask.dtype == torch.bool)):
        value = edges.get(name)
        if not isinstance(value, Tensor) or value.shape != (count,) or not is_right(value):
            got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            kind = "numbers" if name == "rating" else "true and false"
            raise GraphError(f"{show_edge(RATES)}.{name}: expected {kind} [{count}], got {got}")
    edge = edges.train_mask.nonzero()[:, 0]
    rating = edges.rating[edge]
    if not len(edge):
        raise GraphError(f"{show_edge(RATES)}: no rating to train on")
    if not bool(rating.isfinite().all()):
        raise GraphError(f"{show_edge(RATES)}.rating: row {int(edge[~rating.isfinite()][0])} is not finite")
    return KnownRatings(edges.edge_index[:, edge], rating, edge, users, items)


def asked_pairs(data: HeteroData) -> tuple[EdgeType, ...]:
    """The edge types whose pairs of user and item are asked about: all that are rated, and candidates.

    Example:
        >>> data = HeteroData()
        >>> data["user", "rates", "item"].edge_index = torch.zeros(2, 0, dtype=torch.int64)
        >>> asked_pairs(data)
        (('user', 'rates', 'item'),)
    """
    return tuple(kind for kind in (RATES, CANDIDATES) if kind in data.edge_types)


def rating_levels(rating: Tensor, most: int = 50) -> Tensor:
    """The different ratings in ascending order.

    Raises:
        GraphError: if there are fewer than two or more than ``most``, which are no levels.

    Example:
        >>> rating_levels(torch.tensor([4.0, 1.0, 4.0]))
        tensor([1., 4.])
    """
    levels: Tensor = rating.unique()
    if not 2 <= len(levels) <= most:
        raise GraphError(f"expected training ratings of 2 to {most} levels, got {len(levels)} different ratings")
    return levels
