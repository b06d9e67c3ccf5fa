"""RR-Net's units (Li et al., 2021, Eq. 3-8) on the dicts of a `HeteroData` graph, a unit for each relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from avgraph.errors import GraphError, hint
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.message_passing.inter_unit import InterUnit
from avgraph.nn.message_passing.intra_unit import IntraUnit
from avgraph.nn.message_passing.parallel_units import parallel_units
from avgraph.nn.message_passing.unit import EdgeStateUnit
from avgraph.nn.module_keys import module_key


class HeteroEdgeUnit(nn.Module):
    """Edge states from their ends, then node states from their edges, over all relations of a graph at once.

    Within a node type the relation has an `IntraUnit`, between two an `InterUnit`; all see the states that came in, and
    a node of several relations gets the mean of what they make of it, so that their order changes nothing. Units can be
    stacked. As in `HeteroConv` they lie in a ``ModuleDict`` by relation, where explainers find them.

    Args:
        channels: width h of all states.
        edge_types: the relations.
        aggr: "mean" or "sum" of a node's edges.
        incidence: of relations within a node type, see `IntraUnit`.

    Shapes:
        x_dict {node: [n, h]}, edge_index_dict {relation: [2, e]}, edge_attr_dict {relation: [e, h]} → states of the
        same shapes. A relation without ``edge_index`` is complete, its states [n, m, h]; with states [n, k, h] its
        ``edge_index`` is a neighbour table [n, k] (see `parallel_units`)

    Raises:
        GraphError: if a relation is declared twice or an argument does not fit; it names the relation.

    Example:
        >>> import torch
        >>> near, candidate = ("audio", "near", "audio"), ("audio", "candidate", "label")
        >>> unit = HeteroEdgeUnit(4, [near, candidate])
        >>> x, edge = {"audio": torch.randn(3, 4), "label": torch.randn(2, 4)}, torch.tensor([[0, 1], [1, 2]])
        >>> x, edge_attr = unit(x, {near: edge}, {near: torch.randn(2, 4), candidate: torch.randn(3, 2, 4)})
        >>> x["label"].shape, edge_attr[candidate].shape
        (torch.Size([2, 4]), torch.Size([3, 2, 4]))
    """

    def __init__(
        self, channels: int, edge_types: Sequence[EdgeType], *, aggr: str = "mean", incidence: str = "both"
    ) -> None:
        super().__init__()
        self.edge_types: list[EdgeType] = [(kind[0], kind[1], kind[2]) for kind in edge_types]
        if not self.edge_types or len(set(self.edge_types)) < len(self.edge_types):
            told = ", ".join(show_edge(kind) for kind in self.edge_types) or "none"
            raise GraphError(f"HeteroEdgeUnit: edge_types: expected relations, each once, got {told}")
        self.channels = channels
        # Sorted, so that the weights that a seed draws do not depend on the order of the relations either.
        self.units = nn.ModuleDict(
            {
                module_key(kind): IntraUnit(channels, aggr=aggr, incidence=incidence)
                if kind[0] == kind[2]
                else InterUnit(channels, aggr=aggr)
                for kind in sorted(self.edge_types)
            }
        )

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for unit in self.units.values():
            assert isinstance(unit, EdgeStateUnit)
            unit.reset_parameters()

    def forward(
        self,
        x_dict: Mapping[str, Tensor],
        edge_index_dict: Mapping[EdgeType, Tensor],
        edge_attr_dict: Mapping[EdgeType, Tensor],
        *,
        plans: Mapping[EdgeType, Incidence] | None = None,
    ) -> tuple[dict[str, Tensor], dict[EdgeType, Tensor]]:
        """New states; those of other node types and relations stay. ``plans`` are CSR views, to build once."""
        for kind in self.edge_types:
            for node in (kind[0], kind[2]):
                if node not in x_dict:
                    told = hint(node, x_dict, "it has")
                    raise GraphError(f"HeteroEdgeUnit: x_dict: no node type {node!r}; {told}")
            if kind not in edge_attr_dict:
                told = hint(show_edge(kind), [show_edge(other) for other in edge_attr_dict], "it has")
                raise GraphError(f"HeteroEdgeUnit: edge_attr_dict: no {show_edge(kind)}; {told}")
        units = {kind: self.units[module_key(kind)] for kind in self.edge_types}
        return parallel_units(units, x_dict, edge_index_dict, edge_attr_dict, plans)

    def __repr__(self) -> str:
        return f"HeteroEdgeUnit({self.channels}, {[show_edge(kind) for kind in self.edge_types]})"
