"""What the intra and the inter unit of RR-Net share: the path choice, the checks and the dense edge layer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.nn.edges.hooked_steps import HookedSteps
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.message_passing.mlp import MLP
from avgraph.tensors.checks import is_traced

_MODULE_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


class EdgeStateUnit(HookedSteps):
    """Base of `IntraUnit` and `InterUnit`: an edge layer followed by a node layer (Eq. 8).

    Where ``fuse`` is False (see `HookedSteps`) the steps call the submodules too.

    Args:
        channels: width h of node and edge states.
        aggr: "mean" or "sum" of a node's edges.

    Raises:
        GraphError: if ``channels`` is not positive or ``aggr`` is neither.
    """

    def __init__(self, channels: int, *, aggr: str) -> None:
        if aggr not in ("mean", "sum"):
            raise GraphError(f"aggr: expected 'mean' or 'sum', got {aggr!r}")
        if channels < 1:
            raise GraphError(f"channels: expected a positive number, got {channels}")
        super().__init__(aggr=aggr)
        self.channels = channels
        self.edge_mlp = MLP(3 * channels, channels, channels)
        self.node_mlp = MLP(2 * channels, channels, channels)

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()

    def message(self, edge_attr: Tensor) -> Tensor:
        """What an edge sends to its ends: its new state."""
        return edge_attr

    def runs_fused(self) -> bool:
        """As `HookedSteps` has it, and no layer of its own was replaced or has hooks."""
        return super().runs_fused() and self._has_plain_layers()

    def _has_plain_layers(self) -> bool:
        """Whether the fused function may read the weights of the edge layers without calling them.

        Not where a layer was replaced, nor where it has hooks: pruning and weight normalisation of torch compute the
        weight in one, so that a weight read past them would be an old one.
        """
        return all(
            type(part) in (MLP, nn.Linear, nn.ReLU) and not any(getattr(part, hooks) for hooks in _MODULE_HOOKS)
            for layer in self.edge_layers()
            for part in layer.modules()
        )

    def edge_layers(self) -> tuple[nn.Module, ...]:
        """The modules whose weights the fused function reads without calling them."""
        return (self.edge_mlp,)

    def check_rows(self, name: str, value: Tensor, *rows: int | None) -> None:
        """Raise unless a state has the expected rows (None: any number), h columns and the type of the weights."""
        if not isinstance(value, Tensor):
            raise GraphError(f"{type(self).__name__}: {name}: expected a tensor, got {type(value).__name__}")
        expected = (*rows, self.channels)
        fits = value.dim() == len(expected) and all(
            e is None or e == n for e, n in zip(expected, value.shape, strict=True)
        )
        if not fits:
            wanted = ", ".join("*" if e is None else str(e) for e in expected)
            raise GraphError(f"{type(self).__name__}: {name}: expected [{wanted}], got {list(value.shape)}")
        dtype = self.edge_mlp.last.weight.dtype
        if value.dtype != dtype and not (value.is_floating_point() and torch.is_autocast_enabled(value.device.type)):
            raise GraphError(f"{type(self).__name__}: {name}: expected {dtype}, as the weights have, got {value.dtype}")

    def checked_plan(self, plan: Incidence | None, edge_index: Tensor, num_source: int, num_target: int) -> Incidence:
        """The CSR view, built where the caller brought none."""
        if plan is None:
            return Incidence.from_edge_index(edge_index, num_source, num_target)
        self.check_plan(plan, edge_index.size(1), num_source, num_target)
        if not is_traced(edge_index) and not edge_index.is_cuda:  # there it would wait for the device
            for side, index in ((plan.source, edge_index[0]), (plan.target, edge_index[1])):
                if side.index.data_ptr() != index.data_ptr() and not torch.equal(side.index, index):
                    raise GraphError(f"{type(self).__name__}: plan: is of other edges than edge_index")
        return plan

    def check_plan(self, plan: Incidence, num_edges: int, num_source: int, num_target: int) -> None:
        """Raise unless a CSR view has the sizes of the graph at hand."""
        expected = (num_edges, num_source, num_target)
        got = (plan.num_edges, plan.source.num_nodes, plan.target.num_nodes)
        if got != expected:
            raise GraphError(
                f"{type(self).__name__}: plan: expected (edges, source nodes, target nodes) = {expected}, got {got}"
            )

    def dense_edges(self, p_source: Tensor, p_target: Tensor, edge_attr: Tensor, weight: Tensor) -> Tensor:
        """Edge layer where the node terms broadcast against the edge states instead of being gathered."""
        # Sums into the matrix product's own result: no array of the edges' size besides it.
        hidden = F.relu_(F.linear(edge_attr, weight).add_(p_source).add_(p_target))
        out: Tensor = self.edge_mlp.last(hidden)
        return out

    def update_nodes(self, total: Tensor, x: Tensor) -> Tensor:
        """x ← node_mlp([aggregate ; x])."""
        out: Tensor = self.node_mlp(torch.cat([total.to(x.dtype), x], dim=1))
        return out
