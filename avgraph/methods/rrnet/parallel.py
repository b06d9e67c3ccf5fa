"""Several relations within the node types at once: each sees the same nodes, whatever their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from avgraph.graph.vocabulary import EdgeType
from avgraph.nn import Incidence


def intra_step(
    unit: nn.Module,
    kinds: Sequence[EdgeType],
    x: Mapping[str, Tensor],
    edge: Mapping[EdgeType, Tensor],
    edge_index: Mapping[EdgeType, Tensor],
    plans: Mapping[EdgeType, Incidence],
) -> tuple[dict[str, Tensor], dict[EdgeType, Tensor]]:
    """New states of nodes and edges: one unit for all relations, and the mean of what they make of a node.

    Args:
        unit: an `IntraUnit`, with the weights that all relations share.
        kinds: relations within a node type.
        x: states of the nodes; a type without relations keeps its own.
        edge: states of the edges of all kinds.
        edge_index, plans: of all kinds.

    Example:
        >>> from avgraph.nn import IntraUnit
        >>> kinds = [("a", "near", "a"), ("a", "trusts", "a")]
        >>> index = {kinds[0]: torch.tensor([[0], [1]]), kinds[1]: torch.tensor([[1], [0]])}
        >>> plans = {kind: Incidence.from_edge_index(index[kind], 2, 2) for kind in kinds}
        >>> x, edge = {"a": torch.randn(2, 4)}, {kind: torch.randn(1, 4) for kind in kinds}
        >>> unit = IntraUnit(4)
        >>> one, _ = intra_step(unit, kinds, x, edge, index, plans)
        >>> other, _ = intra_step(unit, kinds[::-1], x, edge, index, plans)
        >>> torch.equal(one["a"], other["a"])
        True
    """
    nodes, edges = dict(x), dict(edge)
    made: dict[str, list[Tensor]] = {}
    for kind in sorted(kinds):  # so that the order of a sum is always the same
        state, edges[kind] = unit(x[kind[0]], edge_index[kind], edge[kind], plan=plans[kind])
        made.setdefault(kind[0], []).append(state)
    for node, states in made.items():
        nodes[node] = states[0] if len(states) == 1 else torch.stack(states).mean(0)
    return nodes, edges
