"""What RR-Net is told of users and items: their attributes, and numbers that are drawn or learned."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData

from avgraph.graph.nodes import node_count
from avgraph.graph.ratings import ITEM, USER
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions
from avgraph.tensors.rows import standardized


class NodeFeatures(nn.Module):
    """Attributes (``x``) where there are any, and beside them what ``features`` asks for; else a 1.

    Args:
        graph: with users and items.
        options: of the method.
        seed: of what is drawn.
    """

    def __init__(self, graph: HeteroData, options: RrnetRatingsOptions, seed: int) -> None:
        super().__init__()
        draw, self.learned = torch.Generator().manual_seed(seed), nn.ParameterDict()
        for node in (USER, ITEM):
            count, parts = node_count(graph, node), []
            if (x := graph[node].get("x")) is not None:
                parts.append(standardized(x.float(), added=1e-5) if options.standardize else x.float())
            shape = (count, options.feature_channels)
            if options.features == "uniform":
                parts.append(torch.rand(shape, generator=draw))
            elif options.features == "embedding":
                self.learned[node] = nn.Parameter(0.1 * torch.randn(shape, generator=draw))
            elif not parts:
                parts.append(torch.ones(count, 1))
            fixed = torch.cat(parts, 1) if parts else torch.zeros(count, 0)
            self.register_buffer(f"fixed_{node}", fixed, persistent=False)

    def forward(self) -> dict[str, Tensor]:
        """What the node encoders see, by node type."""
        fixed = {node: self.get_buffer(f"fixed_{node}") for node in (USER, ITEM)}
        return {
            node: torch.cat([value, self.learned[node]], 1) if node in self.learned else value
            for node, value in fixed.items()
        }


def relation_features(graph: HeteroData, kind: EdgeType) -> Tensor | None:
    """What edges within a node type bring along: their attributes, and how near the two ends are."""
    store = graph[kind]
    parts = [store.edge_attr.float()] if "edge_attr" in store else []
    if "edge_weight" in store:
        parts.append(standardized(store.edge_weight.float()[:, None], added=1e-6))
    return torch.cat(parts, 1) if parts else None
