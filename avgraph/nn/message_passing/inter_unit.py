"""RR-Net's unit between two node types (Li et al., 2021, Eq. 6-8)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.edges.segment import divide_by_degree, gather_rows, segment_sum
from avgraph.nn.message_passing.edge_update import edge_update
from avgraph.nn.message_passing.unit import EdgeStateUnit


class InterUnit(EdgeStateUnit):
    r"""Edge states from their two ends through a kernel, then the states of both node types from their edges.

    .. math::
        e \leftarrow \mathrm{edge\_mlp}([W [x_s ; x_r] ; e]), \qquad
        x_v \leftarrow \mathrm{node\_mlp}([\mathrm{agg}_{e \ni v}\, e ; x_v])

    The kernel W and the first layer of ``edge_mlp`` follow each other without a nonlinearity, so their product is
    formed once per pass (h³) and applied to the nodes before the gather; no edge is multiplied by the kernel.

    Args:
        channels: width h of node and edge states.
        aggr: "mean" or "sum" over a node's edges; a node without edges receives 0.

    Shapes:
        x_source [n, h], x_target [m, h], edge_index [2, e], edge_attr [e, h]
        → (x_source [n, h], x_target [m, h], edge_attr [e, h])

    Raises:
        GraphError: if ``aggr`` is unknown.

    Example:
        >>> unit = InterUnit(4)
        >>> clips, labels, edges = torch.zeros(3, 4), torch.zeros(2, 4), torch.tensor([[0, 1, 2], [0, 1, 1]])
        >>> [state.shape[0] for state in unit(clips, labels, edges, torch.zeros(3, 4))]
        [3, 2, 3]
    """

    def __init__(self, channels: int, *, aggr: str = "mean") -> None:
        super().__init__(channels, aggr=aggr)
        self.kernel = nn.Linear(2 * channels, 2 * channels, bias=False)

    def forward(
        self,
        x_source: Tensor,
        x_target: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        *,
        plan: Incidence | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New states; ``plan`` is the CSR view of ``edge_index``, to build once for many passes.

        Raises:
            GraphError: if a state has the wrong shape, or ``edge_index`` names a node that is not there.
        """
        self.check_rows("x_source", x_source, None)
        self.check_rows("x_target", x_target, None)
        size = (x_source.shape[0], x_target.shape[0])
        plan = self.checked_plan(plan, edge_index, *size)
        self.check_rows("edge_attr", edge_attr, plan.num_edges)
        if not self.runs_fused():
            edge_attr = self.edge_updater(edge_index, x=(x_source, x_target), edge_attr=edge_attr, size=size)
            of_source, of_target = self.propagate(edge_index, edge_attr=edge_attr, plan=plan, size=size)
        else:
            p_source, p_target, weight = self._project(x_source, x_target)
            second = self.edge_mlp.last
            edge_attr, sum_source, sum_target = edge_update(
                p_source, p_target, edge_attr, weight, second.weight, second.bias, plan
            )
            assert sum_source is not None
            of_source, of_target = self._scale(sum_source, sum_target, plan)
        return self.update_nodes(of_source, x_source), self.update_nodes(of_target, x_target), edge_attr

    def forward_dense(
        self,
        x_source: Tensor,
        x_target: Tensor,
        edge_attr: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The same function on the complete graph: every source is joined to every target, no edge list is built.

        Shapes:
            x_source [n, h], x_target [m, h], edge_attr [n, m, h] → the same shapes

        Raises:
            GraphError: if a state has the wrong shape.
        """
        self.check_rows("x_source", x_source, None)
        self.check_rows("x_target", x_target, None)
        self.check_rows("edge_attr", edge_attr, x_source.shape[0], x_target.shape[0])
        p_source, p_target, weight = self._project(x_source, x_target)
        edge_attr = self.dense_edges(p_source.unsqueeze(1), p_target, edge_attr, weight)
        of_source, of_target = edge_attr.sum(1), edge_attr.sum(0)
        if self.aggr == "mean":
            of_source, of_target = of_source / max(1, x_target.shape[0]), of_target / max(1, x_source.shape[0])
        return self.update_nodes(of_source, x_source), self.update_nodes(of_target, x_target), edge_attr

    def read(self, x_source: Tensor, x_target: Tensor, edge_attr: Tensor, plan: Incidence) -> Tensor:
        """States of edges that are asked about: they take from both ends as every edge does, and tell them nothing.

        Shapes:
            x_source [n, h], x_target [m, h], edge_attr [q, h], plan of q edges → [q, h]

        Raises:
            GraphError: if a state has the wrong shape.

        Example:
            >>> unit, edges = InterUnit(4), torch.tensor([[0, 1], [0, 0]])
            >>> users, items, state = torch.randn(2, 4), torch.randn(1, 4), torch.randn(2, 4)
            >>> read = unit.read(users, items, state, Incidence.from_edge_index(edges, 2, 1))
            >>> torch.allclose(read, unit(users, items, edges, state)[2], atol=1e-6)
            True
        """
        self.check_rows("x_source", x_source, plan.source.num_nodes)
        self.check_rows("x_target", x_target, plan.target.num_nodes)
        self.check_rows("edge_attr", edge_attr, plan.num_edges)
        p_source, p_target, weight = self._project(x_source, x_target)
        ends = gather_rows(p_source, plan.source), gather_rows(p_target, plan.target)
        return self.dense_edges(*ends, edge_attr, weight)

    def edge_update(self, x_j: Tensor, x_i: Tensor, edge_attr: Tensor) -> Tensor:
        """PyG's step of one edge: edge_mlp([W [x_s ; x_r] ; e])."""
        ends = self.kernel(torch.cat([x_j, x_i], dim=-1))
        out: Tensor = self.edge_mlp(torch.cat([ends, edge_attr], dim=-1))
        return out

    def aggregate(self, inputs: Tensor, plan: Incidence) -> tuple[Tensor, Tensor]:
        """PyG's step of one node, for both node types: the mean or sum of its edges."""
        return self._scale(segment_sum(inputs, plan.source), segment_sum(inputs, plan.target), plan)

    def edge_layers(self) -> tuple[nn.Module, ...]:
        """The modules whose weights the fused function reads without calling them."""
        return (self.edge_mlp, self.kernel)

    def _project(self, x_source: Tensor, x_target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, h = self.edge_mlp.first, self.channels
        of_ends, weight = first.weight.split([2 * h, h], dim=1)
        of_source, of_target = (of_ends @ self.kernel.weight).split(h, dim=1)
        return torch.addmm(first.bias, x_source, of_source.T), x_target @ of_target.T, weight

    def _scale(self, sum_source: Tensor, sum_target: Tensor, plan: Incidence) -> tuple[Tensor, Tensor]:
        if self.aggr == "sum":
            return sum_source, sum_target
        source = divide_by_degree(sum_source, plan.source.degree)
        return source, divide_by_degree(sum_target, plan.target.degree)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.channels}, aggr={self.aggr})"
