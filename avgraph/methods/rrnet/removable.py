"""RR-Net's units with edges that an explainer can take away by degrees: a mask of 0 is a graph without the edge."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avgraph.nn import Incidence, InterUnit, IntraUnit
from avgraph.nn.edges.segment import segment_sum
from avgraph.runtime.settings import random_state_kept


class RemovableIntraUnit(IntraUnit):
    """An `IntraUnit` whose nodes take the mean of the edges that a mask has left, weighed by it.

    PyG's explainers multiply what an edge sends by its mask, and a mean still divides by the number of all edges, so
    that a mask of 0 is an edge that says 0. Here a 1 travels beside what is sent and is masked with it.
    """

    def message(self, edge_attr: Tensor) -> Tensor:
        """The edge's new state, and a 1."""
        return F.pad(edge_attr, (0, 1), value=1.0)

    def aggregate(self, inputs: Tensor, plan: Incidence) -> Tensor:
        """The sum of the edges that a node sees, or their mean weighed by the masks."""
        total, of_source = segment_sum(inputs, plan.target), self._sum_source(inputs, plan)
        return _reduced(total if of_source is None else of_source + total, self.aggr)


class RemovableInterUnit(InterUnit):
    """An `InterUnit` in the same way; some edges stay, whatever the mask: those that are asked about."""

    stays: Tensor | None = None

    def message(self, edge_attr: Tensor) -> Tensor:
        """The edge's new state, and a 1."""
        return F.pad(edge_attr, (0, 1), value=1.0)

    def explain_message(self, inputs: Tensor, dim_size: int | None) -> Tensor:
        """What is sent times the mask, but of edges that stay."""
        masked: Tensor = super().explain_message(inputs, dim_size)
        return masked if self.stays is None else torch.where(self.stays[:, None], inputs, masked)

    def aggregate(self, inputs: Tensor, plan: Incidence) -> tuple[Tensor, Tensor]:
        """The sums of the edges of either node type, or their means weighed by the masks."""
        of_source, of_target = segment_sum(inputs, plan.source), segment_sum(inputs, plan.target)
        return _reduced(of_source, self.aggr), _reduced(of_target, self.aggr)


def removable(unit: nn.Module, stays: Tensor | None = None) -> RemovableIntraUnit | RemovableInterUnit:
    """A unit with the same weights, the very same tensors, whose edges can be taken away by degrees.

    Args:
        unit: an `IntraUnit` or an `InterUnit`.
        stays: of the edges of an `InterUnit` [e], those that no mask takes away.

    Example:
        >>> unit = IntraUnit(4)
        >>> removable(unit).edge_mlp is unit.edge_mlp
        True
    """
    twin: Any
    with random_state_kept():  # it draws weights of its own, for nothing
        if isinstance(unit, IntraUnit):
            twin = RemovableIntraUnit(unit.channels, aggr=str(unit.aggr), incidence=unit.incidence)
        else:
            assert isinstance(unit, InterUnit)
            twin = RemovableInterUnit(unit.channels, aggr=str(unit.aggr))
            twin.stays = stays
    for name, part in unit.named_children():
        twin.add_module(name, part)
    return twin.train(unit.training)  # type: ignore[no-any-return]


def _reduced(total: Tensor, aggr: str | None) -> Tensor:
    """Of sums with the sum of the masks as last column."""
    total, left = total[:, :-1], total[:, -1:]
    return total if aggr == "sum" else total / torch.where(left > 0, left, 1.0)
