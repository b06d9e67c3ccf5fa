"""RR-Net's unit within one node type (Li et al., 2021, Eq. 3-5 and 8)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.edges.segment import divide_by_degree, gather_rows, segment_sum
from avgraph.nn.message_passing.edge_update import edge_update
from avgraph.nn.message_passing.unit import EdgeStateUnit


class IntraUnit(EdgeStateUnit):
    r"""Edge states from their two ends, then node states from their edges.

    .. math::
        e \leftarrow \mathrm{edge\_mlp}([x_s ; x_r ; e]), \qquad
        x_v \leftarrow \mathrm{node\_mlp}([\mathrm{agg}_{e \ni v}\, e ; x_v])

    Row 0 of ``edge_index`` is the sender s, row 1 the receiver r. The first layer of ``edge_mlp`` is applied to the
    nodes before the gather, W [x_s ; x_r ; e] = W_s x_s + W_r x_r + W_e e, and the rest is one fused function.
    With ``fuse`` False, a PyG hook, an explainer or an overridden step the unit runs ``edge_update``, ``message`` and
    ``aggregate``.

    Args:
        channels: width h of node and edge states.
        aggr: "mean" or "sum" over a node's edges; a node without edges receives 0.
        incidence: "both": a node sees every edge it is an end of, a self-loop once; "target": incoming edges only.

    Shapes:
        x [n, h], edge_index [2, e], edge_attr [e, h] → (x [n, h], edge_attr [e, h])

    Raises:
        GraphError: if ``aggr`` or ``incidence`` is unknown.

    Example:
        >>> unit = IntraUnit(4)
        >>> x, edge_attr = unit(torch.zeros(3, 4), torch.tensor([[0, 1], [1, 2]]), torch.zeros(2, 4))
        >>> x.shape, edge_attr.shape
        (torch.Size([3, 4]), torch.Size([2, 4]))
    """

    def __init__(
        self,
        channels: int,
        *,
        aggr: str = "mean",
        incidence: str = "both",
    ) -> None:
        if incidence not in ("both", "target"):
            raise GraphError(f"incidence: expected 'both' or 'target', got {incidence!r}")
        super().__init__(channels, aggr=aggr)
        self.incidence = incidence

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_attr: Tensor,
        *,
        plan: Incidence | None = None,
    ) -> tuple[Tensor, Tensor]:
        """New node and edge states; ``plan`` is the CSR view of ``edge_index``, to build once for many passes.

        Raises:
            GraphError: if a state has the wrong shape, or ``edge_index`` names a node that is not there.
        """
        self.check_rows("x", x, None)
        plan = self.checked_plan(plan, edge_index, x.shape[0], x.shape[0])
        self.check_rows("edge_attr", edge_attr, plan.num_edges)
        if not self.runs_fused():
            edge_attr = self.edge_updater(edge_index, x=x, edge_attr=edge_attr)
            total = self.propagate(edge_index, edge_attr=edge_attr, plan=plan, size=(x.shape[0], x.shape[0]))
            return self.update_nodes(total, x), edge_attr
        p_source, p_target, weight = self._project(x)
        second, both = self.edge_mlp.last, self.incidence == "both"
        edge_attr, of_source, of_target = edge_update(
            p_source, p_target, edge_attr, weight, second.weight, second.bias, plan, sum_source=both, loops_once=both
        )
        return self.update_nodes(self._reduce(of_source, of_target, plan), x), edge_attr

    def forward_table(
        self,
        x: Tensor,
        neighbour: Tensor,
        edge_attr: Tensor,
        *,
        plan: Incidence | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The same function on a graph of fixed degree: row i of the table holds the senders of edges to node i.

        ``plan`` is `Incidence.from_table` of the table. No gather and no segment is needed at the receiving end.

        Shapes:
            x [n, h], neighbour [n, k], edge_attr [n, k, h] → (x [n, h], edge_attr [n, k, h])

        Raises:
            GraphError: as `forward`.
        """
        self.check_rows("x", x, None)
        plan = Incidence.from_table(neighbour) if plan is None else plan
        num_nodes, k = neighbour.shape
        self.check_plan(plan, num_nodes * k, x.shape[0], x.shape[0])
        self.check_rows("edge_attr", edge_attr, num_nodes, k)
        p_source, p_target, weight = self._project(x)
        sent = gather_rows(p_source, plan.source).view(num_nodes, k, self.channels)
        edge_attr = self.dense_edges(sent, p_target.unsqueeze(1), edge_attr, weight)
        rows = edge_attr.flatten(0, 1)
        return self.update_nodes(self._reduce(self._sum_source(rows, plan), edge_attr.sum(1), plan), x), edge_attr

    def edge_update(self, x_j: Tensor, x_i: Tensor, edge_attr: Tensor) -> Tensor:
        """PyG's step of one edge: edge_mlp([x_s ; x_r ; e])."""
        out: Tensor = self.edge_mlp(torch.cat([x_j, x_i, edge_attr], dim=-1))
        return out

    def aggregate(self, inputs: Tensor, plan: Incidence) -> Tensor:
        """PyG's step of one node: the mean or sum of the edges it sees."""
        return self._reduce(self._sum_source(inputs, plan), segment_sum(inputs, plan.target), plan)

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first = self.edge_mlp.first
        of_source, of_target, weight = first.weight.split(self.channels, dim=1)
        return torch.addmm(first.bias, x, of_source.T), x @ of_target.T, weight

    def _sum_source(self, edge_attr: Tensor, plan: Incidence) -> Tensor | None:
        """Sum of a node's outgoing edges, without self-loops: the receiving end counts those."""
        if self.incidence == "target":
            return None
        total = segment_sum(edge_attr, plan.source)
        if len(plan.loop):
            total = total - segment_sum(edge_attr.index_select(0, plan.loop), plan.loop_side)
        return total

    def _reduce(self, of_source: Tensor | None, of_target: Tensor, plan: Incidence) -> Tensor:
        total = of_target if of_source is None else of_source + of_target
        if self.aggr == "sum":
            return total
        degree = plan.target.degree if self.incidence == "target" else plan.degree
        assert degree is not None  # one node set
        return divide_by_degree(total, degree)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.channels}, aggr={self.aggr}, incidence={self.incidence})"
