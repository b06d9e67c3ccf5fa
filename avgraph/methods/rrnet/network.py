"""The network that the options ask for, and where its logits start."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.edge_layers import start_at_zero
from avgraph.methods.rrnet.model import RRNet
from avgraph.methods.rrnet.options import RrnetOptions


def network_of(
    options: RrnetOptions,
    widths: Mapping[str, int],
    inter: EdgeType,
    attributes: Mapping[EdgeType, Tensor | None],
    *,
    starts_scored: bool,
) -> RRNet:
    """An `RRNet` whose first logits are 0 where they are added to those of a score.

    Args:
        options: of the method.
        widths: of the features of each node type.
        inter: the candidate edges.
        attributes: of all edge types that are read, the candidate edges among them; None for one without.
        starts_scored: whether logits are added to those of the encoder's probability.
    """
    model = RRNet(
        widths,
        [kind for kind in attributes if kind != inter],
        inter,
        edge_channels={kind: value.shape[1] for kind, value in attributes.items() if value is not None},
        hidden_channels=options.hidden_channels,
        intra_units=options.intra_units,
        inter_units=options.inter_units,
        aggr=options.aggr,
        incidence=options.incidence,
        dropout=options.dropout,
        product=options.product and not starts_scored,
    )
    if starts_scored:
        start_at_zero(model.decoder)
    return model
