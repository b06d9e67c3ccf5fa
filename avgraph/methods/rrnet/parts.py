"""The graph as `RRNet` is called with it, whole or a part around some candidate edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.model import RRNet, plan_of
from avgraph.nn import Incidence
from avgraph.nn.edges.neighbourhood import Neighbourhood, neighbourhood


@dataclass(frozen=True, eq=False)
class ModelGraph:
    """Features, edges, their attributes and CSR views.

    Attributes:
        x: node type → features.
        edge_index: edge type → edges.
        edge_attr: edge type → attributes, where there are any.
        plans: edge type → CSR view.
    """

    x: Mapping[str, Tensor]
    edge_index: Mapping[EdgeType, Tensor]
    edge_attr: Mapping[EdgeType, Tensor]
    plans: Mapping[EdgeType, Incidence]

    @classmethod
    def build(
        cls, x: Mapping[str, Tensor], edge_index: Mapping[EdgeType, Tensor], edge_attr: Mapping[EdgeType, Tensor]
    ) -> ModelGraph:
        """With the CSR views of its edges, built once for many passes."""
        return cls(x, edge_index, edge_attr, {kind: plan_of(kind, x, edge_index) for kind in edge_index})

    def logits(self, model: RRNet) -> Tensor:
        """Of its candidate edges."""
        out: Tensor = model(self.x, self.edge_index, self.edge_attr, self.plans)
        return out

    def around(
        self, model: RRNet, seeds: Tensor, fan_out: int | None, rng: np.random.Generator
    ) -> tuple[ModelGraph, Tensor, Mapping[str, Tensor]]:
        """The part that the logits of the candidate edges ``seeds`` depend on, their numbers in it, and its nodes."""
        part = self.neighbourhood(model, seeds, fan_out, rng)
        return self.part(part), torch.searchsorted(part.edges[model.inter], seeds), part.nodes

    def neighbourhood(
        self, model: RRNet, seeds: Tensor, fan_out: int | None, rng: np.random.Generator
    ) -> Neighbourhood:
        """Numbers of the nodes and edges that the logits of the candidate edges ``seeds`` depend on."""
        return neighbourhood(
            self.plans,
            {model.inter: seeds},
            [kind for _, kinds in model.layers() for kind in kinds],
            incoming_only=model.incidence == "target",
            fan_out=fan_out,
            rng=rng,
        )

    def part(self, part: Neighbourhood) -> ModelGraph:
        """Some of its nodes and edges alone."""
        return ModelGraph.build(
            {node: self.x[node][rows] for node, rows in part.nodes.items()},
            {kind: part.edge_index(kind, plan) for kind, plan in self.plans.items()},
            {kind: value[part.edges[kind]] for kind, value in self.edge_attr.items()},
        )

    def with_edges(self, kept: Mapping[EdgeType, Tensor]) -> ModelGraph:
        """The same nodes with some of the edges: of each type in ``kept`` those of a mask [e]."""
        attr = {kind: value[kept[kind]] if kind in kept else value for kind, value in self.edge_attr.items()}
        index = {kind: value[:, kept[kind]] if kind in kept else value for kind, value in self.edge_index.items()}
        return ModelGraph.build(self.x, index, attr)

    def to(self, device: torch.device) -> ModelGraph:
        """The same on another device."""
        return ModelGraph(
            {node: value.to(device) for node, value in self.x.items()},
            {kind: value.to(device) for kind, value in self.edge_index.items()},
            {kind: value.to(device) for kind, value in self.edge_attr.items()},
            {kind: plan.to(device) for kind, plan in self.plans.items()},
        )
