"""What the network is told of pairs: attributes, what is started from, and the ratings that may be known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.rating_edges import KnownRatings, asked_pairs
from avgraph.graph.ratings import RATES
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.methods.rrnet.rating_heads import Head, SquaredHead
from avgraph.nn.rating_biases import DampedBiases
from avgraph.tensors.rows import standardized

_FAR = 4.0  # deviations; a pair further out is told as this


@dataclass(frozen=True)
class Pairs:
    """The pairs of one edge type.

    Attributes:
        edge_index: user and item [2, q].
        attr: what is known of each [q, p].
        start: what its prediction starts from, as the head takes it; None where the head itself starts at the mean.
    """

    edge_index: Tensor
    attr: Tensor
    start: Tensor | None

    def rows(self, rows: Tensor) -> Pairs:
        """Some of them."""
        return Pairs(self.edge_index[:, rows], self.attr[rows], None if self.start is None else self.start[rows])

    def to(self, like: Tensor) -> Pairs:
        """On the device and in the type of a tensor."""
        start = None if self.start is None else self.start.to(like)
        return Pairs(self.edge_index.to(like.device), self.attr.to(like), start)


def pairs_of(
    graph: HeteroData, known: KnownRatings, head: Head, biases: DampedBiases, start: str, *, standardize: bool
) -> dict[EdgeType, Pairs]:
    """Ratings and candidates as pairs; a training rating starts from biases that it is left out of.

    Raises:
        GraphError: if what is started from is missing, or attributes differ in width between the two.
    """
    found = {}
    for kind in asked_pairs(graph):
        store, index = graph[kind], graph[kind].edge_index
        parts = [store.edge_attr.float()] if "edge_attr" in store else []
        begins: Tensor | None = None
        if start == "biases":
            value = biases.predict(index)
            if kind == RATES:
                value[known.edge] = biases.leave_one_out()
            begins = head.start_at_number(value)
        elif start == "mean" and isinstance(head, SquaredHead):
            begins = head.start_at_number(biases.mean.expand(index.shape[1]))
        elif start == "model":
            probability = _level_probability(graph, kind, len(head.levels))
            begins = head.start_at_levels(probability)
            mean = probability @ head.levels
            spread = (probability @ head.levels.square() - mean.square()).clamp_min(0).sqrt()
            parts.append(torch.stack([mean, spread], 1))
        found[kind] = Pairs(index, torch.cat(parts, 1) if parts else torch.zeros(index.shape[1], 0), begins)
    widths = {show_edge(kind): pairs.attr.shape[1] for kind, pairs in found.items()}
    if len(set(widths.values())) > 1:
        raise GraphError(f"rrnet_ratings: edge_attr: expected one width, got {widths}; compute them after all edges")
    return _standardized(found, known) if standardize else found


def _level_probability(graph: HeteroData, kind: EdgeType, levels: int) -> Tensor:
    probability = graph[kind].get("level_probability")
    expected = [graph[kind].edge_index.shape[1], levels]
    if not isinstance(probability, Tensor) or list(probability.shape) != expected:
        got = list(probability.shape) if isinstance(probability, Tensor) else "none"
        told = f"expected {expected}, got {got}; add a step rating_model after all edges"
        raise GraphError(f"rrnet_ratings: start: model: {show_edge(kind)}.level_probability: {told}")
    return probability.float()


def _standardized(found: dict[EdgeType, Pairs], known: KnownRatings) -> dict[EdgeType, Pairs]:
    """Attributes in deviations of those of the training ratings."""
    if not found[RATES].attr.shape[1]:
        return found
    rows = [pairs.attr for pairs in found.values()]
    whole = standardized(torch.cat(rows), known.edge, added=1e-6).clamp(-_FAR, _FAR)  # ratings come first
    parts = whole.split([len(part) for part in rows])
    return {
        kind: Pairs(pairs.edge_index, part, pairs.start)
        for (kind, pairs), part in zip(found.items(), parts, strict=True)
    }
