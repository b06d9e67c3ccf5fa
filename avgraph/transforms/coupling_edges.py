"""Edges of an optimal-transport coupling between two node types (m-LTM, ICLR 2024)."""

from __future__ import annotations

from typing import TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite, node_attribute
from avgraph.nn import mahalanobis_cost, partial_sinkhorn, partial_sinkhorn_edges, sinkhorn, sinkhorn_edges
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._exact_transport import exact_plan, unbalanced_plan
from avgraph.transforms._pairs import set_pairs
from avgraph.transforms.options import CouplingEdgesOptions, Solver


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
        threshold: least mass of an edge, as a share of 1/max(n, m).
        relation: name of the relation.
        max_iter, tol: see `avgraph.nn.sinkhorn`.

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
    ) -> None:
        check_arguments(
            CouplingEdgesOptions, source=source, target=target, solver=solver, epsilon=epsilon, mass=mass,
            marginal_penalty=marginal_penalty, unit_rows=unit_rows, along=along, threshold=threshold,
            relation=relation, max_iter=max_iter, tol=tol,
        )  # fmt: skip
        self.source, self.target, self.solver, self.epsilon = source, target, solver, epsilon
        self.mass, self.marginal_penalty, self.metric, self.unit_rows = mass, marginal_penalty, metric, unit_rows
        self.along, self.threshold, self.relation = along, threshold, relation
        self.max_iter, self.tol = max_iter, tol

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        x, y = (self._rows(data, node) for node in (self.source, self.target))
        if x.shape[1] != y.shape[1]:
            raise GraphError(
                f"{self.source}.x, {self.target}.x: expected one width, got {list(x.shape)} and {list(y.shape)}"
            )
        metric = torch.ones(x.shape[1]) if self.metric is None else self.metric.detach().float()
        # In single precision the marginals cannot be met to 1e-6.
        cost = mahalanobis_cost(x.double(), y.double(), metric.to(x.device, torch.float64), normalize="max")
        edge_index = self._support(data)
        if edge_index is not None and self.solver in ("sinkhorn", "partial"):
            plan = self._couple_edges(cost[edge_index[0], edge_index[1]], edge_index, (len(x), len(y)))
        else:
            if edge_index is not None:
                allowed = torch.full_like(cost, torch.inf)
                allowed[edge_index[0], edge_index[1]] = cost[edge_index[0], edge_index[1]]
                cost = allowed
            table = self._couple(cost)
            edge_index = (table > 0).nonzero().T
            plan = table[edge_index[0], edge_index[1]]
        keep = plan > self.threshold / max(len(x), len(y))
        result = set_pairs(data, (self.source, self.relation, self.target), edge_index[:, keep], None)
        result[self.source, self.relation, self.target].mass = plan[keep].float()
        return result

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

    def _rows(self, data: HeteroData, node: str) -> Tensor:
        x = node_attribute(data, node, "x")
        if not isinstance(x, Tensor) or x.dim() != 2 or not x.is_floating_point():
            got = f"{x.dtype} {list(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise GraphError(f"{node}.x: expected floating-point features [n, d], got {got}")
        check_finite(f"{node}.x", x)
        return F.normalize(x.detach().float()) if self.unit_rows else x.detach().float()

    def _support(self, data: HeteroData) -> Tensor | None:
        if self.along is None:
            return None
        kind = (self.source, self.along, self.target)
        if kind not in data.edge_types:
            known = ", ".join("-".join(other) for other in data.edge_types) or "none"
            raise GraphError(f"along: the graph has no {'-'.join(kind)} edges (it has {known})")
        edge_index: Tensor = data[kind].edge_index.unique(dim=1)
        return edge_index

    def __repr__(self) -> str:
        return f"CouplingEdges({self.source!r}, {self.target!r}, solver={self.solver!r}, relation={self.relation!r})"
