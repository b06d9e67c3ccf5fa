"""Matrix factorisation, SVD++ and LightGCN by squared error; length and damping are chosen on validation ratings."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.nn import LightGCN

from avgraph.graph.rating_edges import KnownRatings, known_ratings
from avgraph.graph.ratings import RATES
from avgraph.methods.rrnet.rating_heads import Answer
from avgraph.nn import Incidence
from avgraph.nn.edges.segment import gather_rows, segment_sum

Kind = Literal["mf", "svd++", "lightgcn"]
DAMPING = (0.01, 0.03, 0.1)
STEPS, EVERY, RATE = 300, 10, 0.01


class Factors(nn.Module):
    """μ + b_u + b_i + p_u · q_i; of SVD++ p_u holds what the user has rated, of LightGCN both are propagated."""

    def __init__(self, kind: Kind, known: KnownRatings, channels: int = 16) -> None:
        super().__init__()
        self.kind, self.known, self.mean = kind, known, float(known.rating.mean())
        sizes = (known.users, known.items)
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(size)) for size in sizes)
        self.factor = nn.ParameterList(nn.Parameter(0.1 * torch.randn(size, channels)) for size in sizes)
        self.implicit = nn.Parameter(0.1 * torch.randn(known.items, channels)) if kind == "svd++" else None
        self.plan = Incidence.from_edge_index(known.edge_index, *sizes)
        self.graph = LightGCN(sum(sizes), channels, num_layers=2) if kind == "lightgcn" else None
        user, item = known.edge_index[0], known.edge_index[1] + known.users
        self.both = torch.cat([torch.stack([user, item]), torch.stack([item, user])], 1)

    def ends(self) -> tuple[Tensor, Tensor]:
        """Factors of users and items."""
        if self.graph is not None:
            users, items = self.graph.get_embedding(self.both).split([self.known.users, self.known.items])
            return users, items
        user, item = self.factor
        if self.implicit is not None:
            of_rated = segment_sum(gather_rows(self.implicit, self.plan.target), self.plan.source)
            user = user + of_rated / self.plan.source.degree.clamp(min=1)[:, None].sqrt()
        return user, item

    def forward(self, pairs: Tensor) -> Tensor:
        """Ratings of pairs."""
        (user, item), plan = self.ends(), Incidence.from_edge_index(pairs, self.known.users, self.known.items)
        fit = (gather_rows(user, plan.source) * gather_rows(item, plan.target)).sum(1)
        of_user, of_item = (gather_rows(bias[:, None], side)[:, 0] for bias, side in
                            zip(self.bias, (plan.source, plan.target), strict=True))  # fmt: skip
        return self.mean + of_user + of_item + fit

    def length(self) -> Tensor:
        """Mean over the known ratings of the squared lengths of what is learned of their ends."""
        total = self.mean * torch.zeros(1)
        for part, side in zip((0, 1), (self.plan.source, self.plan.target), strict=True):
            of_node = self.bias[part].square() + self.factor[part].square().sum(1)
            if part and self.implicit is not None:
                of_node = of_node + self.implicit.square().sum(1)
            total = total + (side.degree * of_node).sum() / len(self.known.rating)
        if self.graph is not None:
            total = total + self.graph.embedding.weight.square().sum(1).mean()
        return total


def factors(graph: HeteroData, seed: int, kind: Kind) -> Answer:
    """Predictions for all ratings of a graph, at the step and the damping that validation ratings liked best."""
    known, edges = known_ratings(graph), graph[RATES]
    best, answer = float("inf"), torch.empty(0)
    for damping in DAMPING:
        torch.manual_seed(seed)
        model = Factors(kind, known)
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        for step in range(1, STEPS + 1):
            optimizer.zero_grad()
            loss = (model(known.edge_index) - known.rating).square().mean() + damping * model.length().sum()
            loss.backward()
            optimizer.step()
            if step % EVERY == 0:
                with torch.no_grad():
                    found = model(edges.edge_index).clamp(known.rating.min(), known.rating.max())
                error = float((found - edges.rating)[edges.val_mask].square().mean())
                if error < best:
                    best, answer = error, found
    return Answer(answer, answer)
