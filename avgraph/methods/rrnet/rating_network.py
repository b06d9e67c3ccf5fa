"""RR-Net for ratings: known ratings are the inter graph; pairs that are asked about read it and tell it nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.graph.ratings import ITEM, USER
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.edge_layers import EdgeEncoder, Product
from avgraph.nn import Incidence, InterUnit, IntraUnit
from avgraph.nn.message_passing.mlp import MLP
from avgraph.nn.message_passing.parallel_units import parallel_units
from avgraph.nn.module_keys import module_key


class RatingNetwork(nn.Module):
    """Encoder, alternating intra and inter units, decoder: so many numbers per pair that is asked about.

    Args:
        channels: feature width of users and of items.
        intra: edge types within users or items → width of their attributes.
        pair_channels: width of what is known of a pair that is asked about.
        known_channels: width of what is known of a known rating, such as the rating.
        outputs: numbers per pair.
        hidden_channels, intra_units, inter_units, aggr, incidence, dropout: as of `avgraph.methods.RRNet`.
        product: add the product of the two ends' projections to the first number.
        direct: add what a perceptron with one hidden layer says of the attributes of a pair alone, past the units;
            of no effect where pairs have none.

    A pair reads the nodes before they take up the known ratings of the same unit, so one inter unit alone hears of no
    rating: messages need a second one. Without intra units edges within users or items count for nothing.

    Shapes:
        x {type: [n, c]}, known and asked pairs [2, k] and [2, q] as `Incidence`, their attributes [k, r] and [q, p]
        → [q, outputs]
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        intra: Mapping[EdgeType, int],
        *,
        pair_channels: int,
        known_channels: int,
        outputs: int,
        hidden_channels: int = 16,
        intra_units: int = 1,
        inter_units: int = 1,
        aggr: Literal["mean", "sum"] = "mean",
        incidence: Literal["both", "target"] = "both",
        dropout: float = 0.0,
        product: bool = False,
        direct: bool = False,
    ) -> None:
        super().__init__()
        h, self.intra = hidden_channels, tuple(intra) if intra_units else ()
        self.pair_channels, self.known_channels = pair_channels, known_channels
        self.dropout = nn.Dropout(dropout)
        self.node_encoder = nn.ModuleDict({node: MLP(channels[node], h, h) for node in (USER, ITEM)})
        self.pair_encoder = EdgeEncoder(channels[USER], channels[ITEM], pair_channels + known_channels, h)
        self.edge_encoder = nn.ModuleDict(
            {module_key(kind): EdgeEncoder(channels[kind[0]], channels[kind[2]], intra[kind], h) for kind in self.intra}
        )
        self.intra_units = nn.ModuleList(IntraUnit(h, aggr=aggr, incidence=incidence) for _ in range(intra_units))
        self.inter_units = nn.ModuleList(InterUnit(h, aggr=aggr) for _ in range(inter_units))
        self.decoder = MLP(h, h, outputs)
        self.product = Product(channels[USER], channels[ITEM], h) if product else None
        self.direct = MLP(pair_channels, h, outputs, dropout=dropout) if direct and pair_channels else None

    def forward(
        self,
        x: Mapping[str, Tensor],
        known: tuple[Tensor, Incidence, Tensor],
        asked: tuple[Incidence, Tensor],
        edge_index: Mapping[EdgeType, Tensor],
        edge_attr: Mapping[EdgeType, Tensor],
        plans: Mapping[EdgeType, Incidence],
    ) -> Float[Tensor, "q o"]:
        """Numbers of the asked pairs.

        Args:
            x: features.
            known: pairs with a known rating [2, k], their `Incidence`, and what is known of the ratings; never
                statistics of a pair, which may know of the rating that is asked for.
            asked: `Incidence` of the pairs that are asked about, and their attributes.
            edge_index, edge_attr, plans: of the relations within users and items.
        """
        raw = {node: self.dropout(value) for node, value in x.items()}
        states: Mapping[str, Tensor] = {node: encoder(raw[node]) for node, encoder in self.node_encoder.items()}
        (known_index, known_plan, known_attr), (asked_plan, asked_attr) = known, asked
        reads = self._encoded(raw, asked_plan, F.pad(asked_attr, (0, self.known_channels)))
        if len(self.inter_units) > 1:
            sends = self._encoded(raw, known_plan, F.pad(known_attr, (self.pair_channels, 0)))
        edges: Mapping[EdgeType, Tensor] = {
            kind: self.edge_encoder[module_key(kind)](raw[kind[0]], raw[kind[2]], plans[kind], edge_attr.get(kind))
            for kind in self.intra
        }
        for number, (intra_unit, inter_unit) in enumerate(zip_longest(self.intra_units, self.inter_units), 1):
            if intra_unit is not None:
                intra = dict.fromkeys(self.intra, intra_unit)
                states, edges = parallel_units(intra, states, edge_index, edges, plans)
            if inter_unit is not None:
                assert isinstance(inter_unit, InterUnit)
                user, item = states[USER], states[ITEM]
                reads = inter_unit.read(user, item, reads, asked_plan)
                if number < len(self.inter_units):  # no pair reads what the last one tells the nodes
                    user, item, sends = inter_unit(user, item, known_index, sends, plan=known_plan)
                    states = {USER: user, ITEM: item}
        made: Tensor = self.decoder(self.dropout(reads))
        if self.product is not None:
            fits = self.product(raw[USER], raw[ITEM], asked_plan)
            made = torch.cat([made[:, :1] + fits[:, None], made[:, 1:]], 1)
        return made if self.direct is None else made + self.direct(asked_attr)

    def _encoded(self, raw: Mapping[str, Tensor], plan: Incidence, attr: Tensor) -> Tensor:
        extra = attr if attr.shape[1] else None
        state: Tensor = self.pair_encoder(raw[USER], raw[ITEM], plan, extra)
        return state


def relations(kinds: Sequence[EdgeType]) -> tuple[EdgeType, ...]:
    """Those within users or within items, sorted by name.

    Example:
        >>> relations([("user", "trusts", "user"), ("user", "rates", "item"), ("item", "near", "item")])
        (('item', 'near', 'item'), ('user', 'trusts', 'user'))
    """
    return tuple(sorted(kind for kind in kinds if kind[0] == kind[2] and kind[0] in (USER, ITEM)))
