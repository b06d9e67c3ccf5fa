"""RR-Net (Li et al., "A Universal Model for Cross Modality Mapping by Relational Reasoning", 2021).

The nodes and edges of two intra graphs and one inter graph are encoded by one MLP per type (Eq. 1), updated by
alternating `IntraUnit` and `InterUnit` (Eq. 3-8), and every candidate edge is decoded to a logit (Eq. 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.edge_layers import EdgeEncoder, Product
from avgraph.methods.rrnet.inputs import check_known, check_types, checked_edges, checked_nodes, plan_in, plan_of
from avgraph.nn import Incidence, InterUnit, IntraUnit
from avgraph.nn.message_passing.mlp import MLP
from avgraph.nn.message_passing.parallel_units import parallel_units
from avgraph.nn.module_keys import module_key

__all__ = ["EdgeType", "RRNet", "plan_of"]


class RRNet(nn.Module):
    """Encoder, alternating intra and inter units, decoder: one logit per candidate edge.

    Args:
        channels: feature width of each node type.
        intra: edge types within one node type; ``inter``: the one across.
        edge_channels: width of the attributes that edges of a type bring along (default none); of width 1, [e] will do.
        intra_units, inter_units: how many of each; they take turns, intra first, and inter units that are left over
            come last. Intra units after the last inter unit would reach no candidate edge.
        product: add the product of the two ends' projections to each logit (not in the paper).

    Shapes:
        x_dict {type: [n, c]}, edge_index_dict {edge type: [2, e]}, edge_attr_dict {edge type: [e, c]}
        → logits [e of the inter edges]

    Numbers of any real type are brought to that of the weights. Node types and edge types beside those of the model
    are left alone.

    Raises:
        GraphError: if there is no inter unit, or fewer than intra units, an edge type joins other node types than it
            should, or (when called) a type, a width or an index is not as declared; the message names it.

    Example:
        >>> import torch
        >>> near, candidate = ("audio", "near", "audio"), ("audio", "candidate", "label")
        >>> model = RRNet({"audio": 8, "label": 5}, [near], candidate, hidden_channels=4)
        >>> x = {"audio": torch.randn(3, 8), "label": torch.randn(2, 5)}
        >>> edges = {near: torch.tensor([[0, 1, 2], [1, 2, 0]]), candidate: torch.tensor([[0, 1, 2], [0, 1, 0]])}
        >>> model(x, edges).shape
        torch.Size([3])
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        intra: Sequence[EdgeType],
        inter: EdgeType,
        *,
        edge_channels: Mapping[EdgeType, int] | None = None,
        hidden_channels: int = 16,
        intra_units: int = 1,
        inter_units: int = 1,
        aggr: Literal["mean", "sum"] = "mean",
        incidence: Literal["both", "target"] = "both",
        dropout: float = 0.0,
        product: bool = False,
    ) -> None:
        super().__init__()
        if inter_units < 1:
            raise GraphError(f"RR-Net: expected at least one inter unit, got {inter_units}")
        if intra_units > inter_units:
            told = f"expected at most inter_units ({inter_units}), got {intra_units}: nothing reads what comes later"
            raise GraphError(f"RRNet: intra_units: {told}")
        self.intra, self.inter = tuple(intra), inter
        h, extra = hidden_channels, dict(edge_channels or {})
        if h < 1:
            raise GraphError(f"RRNet: hidden_channels: expected at least 1, got {h}")
        if not 0 <= dropout < 1:
            raise GraphError(f"RRNet: dropout: expected a number in [0, 1), got {dropout}")
        check_types(channels, self.intra, inter, extra)
        self.channels, self.edge_channels, self.incidence = dict(channels), extra, incidence
        self.dropout = nn.Dropout(dropout)
        self.node_encoder = nn.ModuleDict(
            {module_key([node]): MLP(channels[node], h, h) for node in (inter[0], inter[2])}
        )
        self.edge_encoder = nn.ModuleDict(
            {
                module_key(kind): EdgeEncoder(channels[kind[0]], channels[kind[2]], extra.get(kind, 0), h)
                for kind in (*(self.intra if intra_units else ()), inter)  # no unit reads the others
            }
        )
        self.intra_units = nn.ModuleList(IntraUnit(h, aggr=aggr, incidence=incidence) for _ in range(intra_units))
        self.inter_units = nn.ModuleList(InterUnit(h, aggr=aggr) for _ in range(inter_units))
        self.decoder = MLP(h, h, 1)
        self.product = Product(channels[inter[0]], channels[inter[2]], h) if product else None

    def layers(self) -> Iterator[tuple[nn.Module, tuple[EdgeType, ...]]]:
        """Every unit with the edge types that it works on at once, in turn: intra first, what is left over last."""
        for intra_unit, inter_unit in zip_longest(self.intra_units, self.inter_units):
            if intra_unit is not None:
                yield intra_unit, self.intra
            if inter_unit is not None:
                yield inter_unit, (self.inter,)

    def forward(
        self,
        x_dict: Mapping[str, Tensor],
        edge_index_dict: Mapping[EdgeType, Tensor],
        edge_attr_dict: Mapping[EdgeType, Tensor] | None = None,
        plans: Mapping[EdgeType, Incidence] | None = None,
        units: Sequence[Mapping[EdgeType, nn.Module]] | None = None,
    ) -> Float[Tensor, " e"]:
        """Logits of the inter edges.

        Args:
            x_dict, edge_index_dict, edge_attr_dict: see above.
            plans: CSR views of the edges, built once by `plan_of` for many passes.
            units: of every layer by relation, to run in place of its own, such as copies that an explainer masks.
        """
        kinds, attr, like = (*self.intra, self.inter), edge_attr_dict or {}, self.decoder.last.weight
        check_known(attr, kinds, edge_index_dict)
        nodes = (self.inter[0], self.inter[2])
        raw = {node: self.dropout(checked_nodes(x_dict, node, self.channels[node], like)) for node in nodes}
        plans = plans or {kind: plan_of(kind, x_dict, edge_index_dict) for kind in kinds}
        x = {node: self.node_encoder[module_key([node])](raw[node]) for node in raw}
        edge = {}
        for kind in kinds:
            plan = plan_in(plans, kind, (raw[kind[0]].shape[0], raw[kind[2]].shape[0]))
            extra = checked_edges(attr, kind, plan.num_edges, self.edge_channels.get(kind, 0), like)
            if module_key(kind) in self.edge_encoder:
                edge[kind] = self.edge_encoder[module_key(kind)](raw[kind[0]], raw[kind[2]], plan, extra)
        for layer in [dict.fromkeys(kinds, unit) for unit, kinds in self.layers()] if units is None else units:
            x, edge = parallel_units(layer, x, edge_index_dict, edge, plans)
        source, _, target = self.inter
        logits: Tensor = self.decoder(self.dropout(edge[self.inter])).squeeze(1)
        if self.product is not None:
            logits = logits + self.product(raw[source], raw[target], plans[self.inter])
        return logits
