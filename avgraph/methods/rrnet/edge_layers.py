"""Layers that read an edge by its two ends (its first state, how well they fit), and where logits start."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.nn import Incidence
from avgraph.nn.edges.segment import gather_rows
from avgraph.nn.message_passing.mlp import MLP


class EdgeEncoder(nn.Module):
    """Raw edge attribute [x_s ; x_r ; extra] → hidden state, projected per node before it is gathered per edge.

    The first layer is one Linear, but each of its three parts starts as a layer of its own width would: beside
    hundreds of features a few edge attributes would else start with next to no weight.

    Shapes:
        x_source [n, c_s], x_target [m, c_r], plan of e edges, extra [e, c_e] or None → [e, h]
    """

    def __init__(self, source_channels: int, target_channels: int, extra_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.sizes = (source_channels, target_channels, extra_channels)
        self.first = nn.Linear(sum(self.sizes), hidden_channels)
        self.second = nn.Linear(hidden_channels, hidden_channels)
        for part in self.first.weight.detach().split(self.sizes, dim=1):
            if part.shape[1]:
                nn.init.kaiming_uniform_(part, a=5**0.5)

    def forward(
        self,
        x_source: Float[Tensor, "n c_s"],
        x_target: Float[Tensor, "m c_r"],
        plan: Incidence,
        extra: Float[Tensor, "e c_e"] | None,
    ) -> Float[Tensor, "e h"]:
        """One state per edge."""
        by_source, by_target, by_extra = self.first.weight.split(self.sizes, dim=1)
        hidden = gather_rows(x_source @ by_source.T, plan.source) + gather_rows(x_target @ by_target.T, plan.target)
        hidden = hidden + self.first.bias
        if extra is not None:
            hidden = hidden + extra @ by_extra.T
        state: Tensor = self.second(F.relu(hidden))
        return state


class Product(nn.Module):
    """How well the two ends of an edge fit: the product of what each is projected to, a logit.

    The states of edges are made of sums of their ends, from which few units can hardly tell fifty classes apart.

    Shapes:
        x_source [n, c_s], x_target [m, c_r], plan of e edges → [e]
    """

    def __init__(self, source_channels: int, target_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.source = nn.Linear(source_channels, hidden_channels)
        self.target = nn.Linear(target_channels, hidden_channels)

    def forward(
        self, x_source: Float[Tensor, "n c_s"], x_target: Float[Tensor, "m c_r"], plan: Incidence
    ) -> Float[Tensor, " e"]:
        """One logit per edge."""
        pairs = gather_rows(self.source(x_source), plan.source) * gather_rows(self.target(x_target), plan.target)
        logits: Tensor = pairs.sum(1) / pairs.shape[1] ** 0.5
        return logits


def start_at_zero(decoder: MLP) -> None:
    """Let the last layer give 0: what its logits are added to stands alone at the start.

    Example:
        >>> import torch
        >>> decoder = MLP(2, 3, 1)
        >>> start_at_zero(decoder)
        >>> bool(decoder(torch.ones(4, 2)).any())
        False
    """
    nn.init.zeros_(decoder.last.weight)
    nn.init.zeros_(decoder.last.bias)
