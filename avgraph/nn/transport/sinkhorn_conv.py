"""Couplings of two node types (m-LTM, ICLR 2024, Eq. 3) as a PyG layer: an edge softmax at either side, in turn."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.complete import complete_batch_edges, complete_edges
from avgraph.nn.edges.hooked_steps import HookedSteps
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_logsumexp, segment_sum
from avgraph.nn.transport._batches import Batch, Solver, couple_batch_edges, couple_complete_batch
from avgraph.nn.transport._edge_coupling import couple_edges
from avgraph.nn.transport._inputs import check_solver
from avgraph.nn.transport.barycentric_map import barycentric_map
from avgraph.nn.transport.coupling import Coupling, Grad
from avgraph.nn.transport.ground_cost import mahalanobis_cost, mahalanobis_edge_cost
from avgraph.nn.transport.sinkhorn import partial_sinkhorn, sinkhorn


class SinkhornConv(HookedSteps):
    """Entropic coupling of sources and targets, of all mass or a part; without parameters.

    `avgraph.nn.sinkhorn` and `avgraph.nn.partial_sinkhorn` on the complete graph, `avgraph.nn.sinkhorn_edges` and
    `avgraph.nn.partial_sinkhorn_edges` along edges. ``map`` sends the sources along the coupling; `BarycentricConv`
    does both. With a hook on ``edge_update`` the iterations are PyG's steps, one edge softmax a side, to which the
    hook is given the edges and which are differentiated one by one.

    Args:
        epsilon: weight of the entropy, in the units of the cost.
        mass: of a partial coupling; None moves all.
        max_iter, tol, grad: see `avgraph.nn.sinkhorn`.

    Shapes:
        x [n, d] or (source [n, d], target [m, d]), edge_index [2, e], edge_cost [e] (or [n, m] without edges)
        → plan [n, m], along edges or in a batch [e]

    Raises:
        GraphError: as the functions.

    Example:
        >>> import torch
        >>> conv = SinkhornConv(epsilon=0.1)
        >>> x = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [0.0]])
        >>> conv(x).plan.round(decimals=3)
        tensor([[0.0000, 0.5000],
                [0.5000, 0.0000]])
        >>> conv(x, torch.tensor([[0, 0, 1], [0, 1, 0]])).plan.round(decimals=3)
        tensor([0.0000, 0.5000, 0.5000])
    """

    def __init__(
        self,
        epsilon: float,
        mass: float | None = None,
        *,
        max_iter: int = 2000,
        tol: float = 1e-6,
        grad: Grad = "implicit",
    ) -> None:
        super().__init__()
        check_solver(epsilon, max_iter, tol, grad)
        self.epsilon, self.mass = epsilon, mass
        self.solver: Solver = {"max_iter": max_iter, "tol": tol, "grad": grad}

    def forward(
        self,
        x: Tensor | tuple[Tensor, Tensor],
        edge_index: Tensor | None = None,
        edge_cost: Tensor | None = None,
        *,
        a: Tensor | None = None,
        b: Tensor | None = None,
        batch: Batch | Tensor | None = None,
    ) -> Coupling:
        """The coupling.

        Args:
            x: features of both sides, or one set that is both; read where there is no cost, and for their numbers.
            edge_index: pairs that may be coupled, each once; None allows all.
            edge_cost: of each pair; Euclidean distances if not given.
            a, b: masses of the two sides; 1/n and 1/m each if not given, in a batch within each graph.
            batch: graph of each source and of each target (or of both, one vector): every graph is a coupling of its
                own. The plan is then along ``edge_index``, or along `avgraph.nn.complete_batch_edges`.
        """
        both = (x, x) if isinstance(x, Tensor) else x
        graphs = (batch, batch) if isinstance(batch, Tensor) else batch
        self._check_sizes(both, graphs)
        if edge_index is not None:
            return self._along(both, edge_index, edge_cost, a, b, graphs)
        if not self.runs_fused():
            return self._all_pairs_along(both, edge_cost, a, b, graphs)
        if graphs is not None:
            return couple_complete_batch(both, edge_cost, self.epsilon, self.mass, a, b, graphs, self.solver)
        cost = mahalanobis_cost(*both, both[0].new_ones(both[0].shape[1])) if edge_cost is None else edge_cost
        if cost.shape[-2:] != (len(both[0]), len(both[1])):
            raise GraphError(f"edge_cost: expected [{len(both[0])}, {len(both[1])}], got {list(cost.shape)}")
        if self.mass is None:
            return sinkhorn(cost, self.epsilon, a, b, **self.solver)
        return partial_sinkhorn(cost, self.epsilon, self.mass, a, b, **self.solver)

    def map(self, x: Tensor, coupling: Coupling, edge_index: Tensor | None = None, *, num_targets: int) -> Tensor:
        """The barycentre of the sources coupled with each target, as messages; see `avgraph.nn.barycentric_map`.

        Shapes:
            x [n, d] → [num_targets, d]
        """
        if self.runs_fused():
            return barycentric_map(x, coupling.log_plan, edge_index, num_targets=num_targets)
        if edge_index is None:
            edge_index = complete_edges(len(x), num_targets, device=x.device)
        share = edge_softmax(coupling.log_plan.flatten().to(x), Side.from_index(edge_index[1], num_targets))
        out: Tensor = self.propagate(edge_index, x=(x, None), share=share, size=(len(x), num_targets))
        return out

    def edge_update(self, score: Tensor, side: Side) -> Tensor:
        """PyG's step of one edge: log of the edge softmax over the edges of one side."""
        return score - gather_rows(segment_logsumexp(score, side)[:, None], side)[:, 0]

    def message(self, x_j: Tensor, share: Tensor) -> Tensor:
        """A source, as much of the target's mass comes from it."""
        return share[:, None] * x_j

    def _along(
        self, x: Batch, edge_index: Tensor, cost: Tensor | None, a: Tensor | None, b: Tensor | None, batch: Batch | None
    ) -> Coupling:
        if cost is None:
            cost = mahalanobis_edge_cost(*x, x[0].new_ones(x[0].shape[1]), edge_index)
        half_step = None if self.runs_fused() else self._half_step
        given = (cost, edge_index, self.epsilon, self.mass, a, b)
        if batch is not None:
            return couple_batch_edges(*given, batch, self.solver, half_step)
        return couple_edges(*given, num_nodes=(len(x[0]), len(x[1])), half_step=half_step, **self.solver)

    def _all_pairs_along(
        self, x: Batch, cost: Tensor | None, a: Tensor | None, b: Tensor | None, batch: Batch | None
    ) -> Coupling:
        """The complete graph by its edges, which a hook is to see."""
        if batch is not None:
            return self._along(x, complete_batch_edges(*batch), cost, a, b, batch)
        size = (len(x[0]), len(x[1]))
        pairs = complete_edges(*size, device=x[0].device)
        found = self._along(x, pairs, None if cost is None else cost.flatten(), a, b, None)
        return replace(found, plan=found.plan.view(size), log_plan=found.log_plan.view(size))

    def _half_step(self, score: Tensor, side: Side, other: Side) -> Tensor:
        """Log sums of one side, by a half-step that hooks see."""
        log_share = self.edge_updater(torch.stack([other.index, side.index]), score=score, side=side)
        sums = segment_sum((score - log_share)[:, None], side)[:, 0] / side.degree.clamp(min=1)
        return sums.masked_fill(side.degree == 0, -torch.inf)

    def _check_sizes(self, x: Batch, batch: Batch | None) -> None:
        for name, rows, graphs in zip(("source", "target"), x, batch or (None, None), strict=True):
            if graphs is not None and len(graphs) != len(rows):
                raise GraphError(
                    f"batch: expected a graph for each of {len(rows)} {name} nodes, got {list(graphs.shape)}"
                )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(epsilon={self.epsilon}, mass={self.mass})"
