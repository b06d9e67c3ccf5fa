"""The barycentric map of an entropic coupling as a PyG layer that gives features, as others in a network do."""

from __future__ import annotations

from typing import Literal, overload

from torch import Tensor

from avgraph.nn.edges.complete import complete_batch_edges
from avgraph.nn.transport._batches import Batch
from avgraph.nn.transport.coupling import Coupling
from avgraph.nn.transport.sinkhorn_conv import SinkhornConv


class BarycentricConv(SinkhornConv):
    """Couples sources and targets (`SinkhornConv`) and gives each target the barycentre of what is sent to it.

    Args:
        epsilon, mass, max_iter, tol, grad: see `SinkhornConv`.

    Shapes:
        x [n, d] or (source [n, d], target [m, d]), edge_index [2, e], edge_cost [e] (or [n, m] without edges) → [m, d]

    Raises:
        GraphError: as `SinkhornConv`.

    Example:
        >>> import torch
        >>> x = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.9], [0.2]])
        >>> BarycentricConv(epsilon=0.01)(x).round(decimals=3)
        tensor([[1.],
                [0.]])
    """

    @overload  # type: ignore[override]
    def forward(
        self,
        x: Tensor | tuple[Tensor, Tensor],
        edge_index: Tensor | None = None,
        edge_cost: Tensor | None = None,
        *,
        a: Tensor | None = None,
        b: Tensor | None = None,
        batch: Batch | Tensor | None = None,
        return_coupling: Literal[False] | None = None,
    ) -> Tensor: ...

    @overload
    def forward(
        self,
        x: Tensor | tuple[Tensor, Tensor],
        edge_index: Tensor | None = None,
        edge_cost: Tensor | None = None,
        *,
        a: Tensor | None = None,
        b: Tensor | None = None,
        batch: Batch | Tensor | None = None,
        return_coupling: Literal[True],
    ) -> tuple[Tensor, Coupling]: ...

    def forward(
        self,
        x: Tensor | tuple[Tensor, Tensor],
        edge_index: Tensor | None = None,
        edge_cost: Tensor | None = None,
        *,
        a: Tensor | None = None,
        b: Tensor | None = None,
        batch: Batch | Tensor | None = None,
        return_coupling: bool | None = None,
    ) -> Tensor | tuple[Tensor, Coupling]:
        """Of each target; with ``return_coupling`` the coupling, too. The rest is as `SinkhornConv` has it."""
        source, target = (x, x) if isinstance(x, Tensor) else x
        coupling = super().forward(x, edge_index, edge_cost, a=a, b=b, batch=batch)
        if batch is not None and edge_index is None:
            edge_index = complete_batch_edges(*((batch, batch) if isinstance(batch, Tensor) else batch))
        out = self.map(source, coupling, edge_index, num_targets=len(target))
        return (out, coupling) if return_coupling else out
