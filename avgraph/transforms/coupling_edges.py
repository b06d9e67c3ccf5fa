"""Edges of an optimal-transport coupling between two node types (m-LTM, ICLR 2024)."""

from __future__ import annotations

from functools import partial
from typing import TypedDict

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import node_attribute
from avgraph.nn import mahalanobis_cost, partial_sinkhorn, partial_sinkhorn_edges, sinkhorn, sinkhorn_edges
from avgraph.nn.transport.streamed import couple_streamed
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._exact_transport import exact_plan, unbalanced_plan
from avgraph.transforms._pair_costs import Features, PairCosts
from avgraph.transforms.options import CouplingEdgesOptions, Scale, Solver
from avgraph.transforms.pairs import set_pairs, warn_of_lost_mass

DENSE = 4096**2
"""Pairs up to which the table of costs is held: a GiB with what the solver makes of it, and Newton's steps help."""


class _Limits(TypedDict):
    max_iter: int
    tol: float


class CouplingEdges(BaseTransform):
    """Add (``source``, ``relation``, ``target``): the pairs that a coupling gives mass to.

    Edges are sorted by source, then target, and get ``mass`` and, where both ends have ``y``, ``y`` (1 where equal)
    and the masks of the source node. Edges that the graph already has under the same type are replaced. Both sides
    have mass 1, shared equally.

    Args:
        source, target: node types, whose ``x`` have one width.
        solver: ``"sinkhorn"``, ``"partial"`` (moves ``mass`` only), ``"emd"`` (exact, by POT) or ``"unbalanced"``
            (marginals may be missed at a price, by POT).
        epsilon: weight of the entropy, of costs whose largest is 1; not for ``"emd"``.
        mass: total mass moved, for ``"partial"`` only.
        marginal_penalty: weight of the divergence of the marginals, for ``"unbalanced"`` only.
        metric: M of the cost, [d, d] or [d] (see `avgraph.nn.mahalanobis_cost`); none is the Euclidean distance.
        unit_rows: scale every ``x`` to length 1 first.
        along: relation of edges between the two types; only these pairs may be coupled. ``"sinkhorn"`` and
            ``"partial"`` then solve on the edges alone.
        threshold: least mass of an edge, as a share of 1/max(n, m). A plan that prefers nothing has 1/(n·m) everywhere:
            where edges hold less than 95 % of the mass a warning says so.
        relation: name of the relation.
        max_iter, tol: see `avgraph.nn.sinkhorn`.
        scale: which costs are at most 1: ``"pairs"``, of all, or ``"edges"``, of those along ``along`` alone, which
            looks at no other pair.

    ``x`` may be an array mapped from a file. The costs of more than 4096² pairs are not held: ``"sinkhorn"`` and
    ``"partial"`` make them anew in every pass, within 256 MiB; ``"emd"`` and ``"unbalanced"`` hold the table.

    Raises:
        GraphError: if a node type, attribute or relation is missing, widths disagree, an option does not belong to
            the solver, the support is infeasible, or the solver does not converge.

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(2)}, text={"x": torch.eye(2).flip(0)})
        >>> edges = CouplingEdges("audio", "text")(data)["audio", "coupled", "text"]
        >>> edges.edge_index.tolist(), edges.mass
        ([[0, 1], [1, 0]], tensor([0.5000, 0.5000]))
    """

    def __init__(
        self,
        source: str,
        target: str,
        *,
        solver: Solver = "sinkhorn",
        epsilon: float = 0.05,
        mass: float | None = None,
        marginal_penalty: float | None = None,
        metric: Tensor | None = None,
        unit_rows: bool = True,
        along: str | None = None,
        threshold: float = 1e-3,
        relation: str = "coupled",
        max_iter: int = 2000,
        tol: float = 1e-6,
        scale: Scale = "pairs",
    ) -> None:
        check_arguments(
            CouplingEdgesOptions, source=source, target=target, solver=solver, epsilon=epsilon, mass=mass,
            marginal_penalty=marginal_penalty, unit_rows=unit_rows, along=along, threshold=threshold,
            relation=relation, max_iter=max_iter, tol=tol, scale=scale,
        )  # fmt: skip
        self.source, self.target, self.solver, self.epsilon = source, target, solver, epsilon
        self.mass, self.marginal_penalty, self.metric, self.unit_rows = mass, marginal_penalty, metric, unit_rows
        self.along, self.threshold, self.relation = along, threshold, relation
        self.max_iter, self.tol, self.scale = max_iter, tol, scale

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        x, y = (self._features(data, node) for node in (self.source, self.target))
        if x.width != y.width:
            shapes = f"{[len(x), x.width]} and {[len(y), y.width]}"
            raise GraphError(f"{self.source}.x, {self.target}.x: expected one width, got {shapes}")
        metric = torch.ones(x.width) if self.metric is None else self.metric.detach().float()
        costs, edge_index = PairCosts(x, y, metric.to(x.device, torch.float64)), self._support(data, len(y))
        if self.solver in ("emd", "unbalanced") or (edge_index is None and len(x) * len(y) <= DENSE):
            edge_index, plan = self._of_table(costs, edge_index)
        elif edge_index is None:
            edge_index, plan = self._streamed(costs)
        else:
            cost = costs.of_edges(edge_index).to(edge_index.device)
            plan = self._couple_edges(cost / self._scale(costs, cost), edge_index, (len(x), len(y)))
        keep, edge_type = plan > self._least(costs), (self.source, self.relation, self.target)
        result = set_pairs(data, edge_type, edge_index[:, keep], None)
        result[edge_type].mass = plan[keep].float()
        total = float(plan.sum()) if self.solver == "unbalanced" else self.mass or 1.0
        warn_of_lost_mass(edge_type, plan[keep], total, self.threshold)
        return result

    def _least(self, costs: PairCosts) -> float:
        return self.threshold / max(len(costs.x), len(costs.y))

    def _scale(self, costs: PairCosts, allowed: Tensor) -> float:
        """What costs are divided by: the largest of all pairs, or of those that may be coupled."""
        largest = float(allowed.max()) if self.scale == "edges" and allowed.numel() else costs.largest()
        return max(largest, float(torch.finfo(torch.float64).tiny))

    def _of_table(self, costs: PairCosts, edge_index: Tensor | None) -> tuple[Tensor, Tensor]:
        """Pairs with mass, and the mass, by the table of all costs."""
        cost = mahalanobis_cost(costs.x.whole(), costs.y.whole(), costs.metric)
        largest = cost if edge_index is None or self.scale == "pairs" else cost[edge_index[0], edge_index[1]]
        cost = cost / largest.amax().clamp_min(torch.finfo(cost.dtype).tiny)
        if edge_index is not None:
            allowed = torch.full_like(cost, torch.inf)
            allowed[edge_index[0], edge_index[1]] = cost[edge_index[0], edge_index[1]]
            cost = allowed
        table = self._couple(cost)
        found = (table > 0).nonzero().T
        return found, table[found[0], found[1]]

    def _streamed(self, costs: PairCosts) -> tuple[Tensor, Tensor]:
        """The same of a table that is never held; pairs below the threshold are left out at once."""
        size, scale = (len(costs.x), len(costs.y)), self._scale(costs, costs.metric[:0])
        strips = partial(costs.strips, scale)
        found = couple_streamed(
            strips, size, costs.metric, self.epsilon, self.mass, max_iter=self.max_iter, tol=self.tol
        )
        return found.edges(strips, self._least(costs))

    def _couple(self, cost: Tensor) -> Tensor:
        """The plan [n, m]."""
        limits: _Limits = {"max_iter": self.max_iter, "tol": self.tol}
        if self.solver == "emd":
            return exact_plan(cost)
        if self.solver == "unbalanced":
            assert self.marginal_penalty is not None
            return unbalanced_plan(cost, self.epsilon, self.marginal_penalty, **limits)
        if self.solver == "partial":
            assert self.mass is not None
            return partial_sinkhorn(cost, self.epsilon, self.mass, **limits, grad="detach").require_converged().plan
        return sinkhorn(cost, self.epsilon, **limits, grad="detach").require_converged().plan

    def _couple_edges(self, cost: Tensor, edge_index: Tensor, num_nodes: tuple[int, int]) -> Tensor:
        """The plan [e]."""
        limits: _Limits = {"max_iter": self.max_iter, "tol": self.tol}
        if self.mass is None:
            found = sinkhorn_edges(cost, edge_index, self.epsilon, num_nodes=num_nodes, **limits, grad="detach")
        else:
            found = partial_sinkhorn_edges(
                cost, edge_index, self.epsilon, self.mass, num_nodes=num_nodes, **limits, grad="detach"
            )
        return found.require_converged().plan

    def _features(self, data: HeteroData, node: str) -> Features:
        return Features(f"{node}.x", node_attribute(data, node, "x"), unit=self.unit_rows)

    def _support(self, data: HeteroData, targets: int) -> Tensor | None:
        if self.along is None:
            return None
        kind = (self.source, self.along, self.target)
        if kind not in data.edge_types:
            known = ", ".join("-".join(other) for other in data.edge_types) or "none"
            raise GraphError(f"along: the graph has no {'-'.join(kind)} edges (it has {known})")
        row, column = data[kind].edge_index
        number = (row * targets + column).unique()  # sorted: by source, then target
        return torch.stack([number // targets, number % targets])

    def __repr__(self) -> str:
        return f"CouplingEdges({self.source!r}, {self.target!r}, solver={self.solver!r}, relation={self.relation!r})"
