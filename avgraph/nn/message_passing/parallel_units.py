"""Units of several relations at once: each sees the same states, so that their order changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn.edges.complete import complete_edges
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.message_passing.inter_unit import InterUnit
from avgraph.nn.message_passing.intra_unit import IntraUnit


def parallel_units(
    units: Mapping[EdgeType, nn.Module],
    x_dict: Mapping[str, Tensor],
    edge_index_dict: Mapping[EdgeType, Tensor],
    edge_attr_dict: Mapping[EdgeType, Tensor],
    plans: Mapping[EdgeType, Incidence] | None = None,
) -> tuple[dict[str, Tensor], dict[EdgeType, Tensor]]:
    """New states of nodes and edges; a node of several relations has the mean of what they make of it.

    Edge states come as a list [e, h] along ``edge_index``; as [n, m, h] of a relation without one, which is complete;
    or as [n, k, h] beside a neighbour table [n, k] in its place, row i the senders of edges to node i. They leave as
    they come. Complete relations between two node types and tables within one need no gather.

    Args:
        units: relation → `InterUnit`, or `IntraUnit` within a node type; relations may share one.
        x_dict, edge_attr_dict: states; those that no unit works on stay.
        edge_index_dict: edges or neighbour tables.
        plans: CSR views, to build once for many passes.

    Raises:
        GraphError: as the units, naming the relation.

    Example:
        >>> kinds = [("a", "near", "a"), ("a", "trusts", "a")]
        >>> index = {kinds[0]: torch.tensor([[0], [1]]), kinds[1]: torch.tensor([[1], [0]])}
        >>> x, edge = {"a": torch.randn(2, 4)}, {kind: torch.randn(1, 4) for kind in kinds}
        >>> unit = IntraUnit(4)
        >>> one, _ = parallel_units(dict.fromkeys(kinds, unit), x, index, edge)
        >>> other, _ = parallel_units(dict.fromkeys(kinds[::-1], unit), x, index, edge)
        >>> torch.equal(one["a"], other["a"])
        True
    """
    nodes, edges = dict(x_dict), dict(edge_attr_dict)
    made: dict[str, list[Tensor]] = {}
    for kind in sorted(units):  # so that the order of a sum is always the same
        ends = [x_dict[kind[0]]] if isinstance(units[kind], IntraUnit) else [x_dict[kind[0]], x_dict[kind[2]]]
        plan = None if plans is None else plans.get(kind)
        try:
            *states, edges[kind] = _run(units[kind], ends, edge_index_dict.get(kind), edge_attr_dict[kind], plan)
        except GraphError as error:
            raise GraphError(f"{show_edge(kind)}: {error}") from None
        for node, state in zip((kind[0], kind[2]), states, strict=False):
            made.setdefault(node, []).append(state)
    for node, found in made.items():
        nodes[node] = found[0] if len(found) == 1 else torch.stack(found).mean(0)
    return nodes, edges


def _run(
    unit: nn.Module, ends: list[Tensor], edge_index: Tensor | None, edge_attr: Tensor, plan: Incidence | None
) -> tuple[Tensor, ...]:
    """One unit: new states of its one or two node types, and of its edges in the shape they came in."""
    if edge_attr.dim() != 3:
        if edge_index is None:
            raise GraphError(f"edge_attr: expected [n, m, h] without edge_index, got {list(edge_attr.shape)}")
        found: tuple[Tensor, ...] = unit(*ends, edge_index, edge_attr, plan=plan)
        return found
    if edge_index is None:
        if isinstance(unit, InterUnit) and unit.runs_fused():
            return unit.forward_dense(ends[0], ends[1], edge_attr)
        listed = complete_edges(len(ends[0]), len(ends[-1]), device=edge_attr.device)
    else:
        if isinstance(unit, IntraUnit) and unit.runs_fused():
            return unit.forward_table(ends[0], edge_index, edge_attr, plan=plan)
        centre = torch.arange(len(edge_index), device=edge_attr.device).repeat_interleave(edge_index.shape[1])
        listed = torch.stack([edge_index.flatten(), centre])
    *states, state = unit(*ends, listed, edge_attr.flatten(0, 1), plan=plan)
    return (*states, state.view(edge_attr.shape))
