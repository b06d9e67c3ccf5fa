"""Fusion of experts as a PyG aggregation over the edges (expert, informs, latent)."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch_geometric.nn.aggr import Aggregation

from avgraph.errors import GraphError
from avgraph.nn.fusion._experts import Edges, mixture, normalised, product, weighted
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite, is_traced

Fusion = Literal["product", "geometric", "mixture"]
"""`product_of_experts`, `geometric_mean_of_experts`, `mixture_moments`."""


class ExpertAggregation(Aggregation):
    r"""Fuses the Gaussians that come in over a node's edges; a missing modality is an edge that is not there.

    A message is ``torch.cat([mean, logvar], -1)``, and so is what is returned. The three ways are
    `product_of_experts`, `geometric_mean_of_experts` and `mixture_moments`, node by node and whatever the number and
    the order of edges. With ``standard_normal`` every node has N(0, 1) as one more expert (product only): a node
    without edges then *is* N(0, 1). Otherwise no Gaussian would be true of such a node, and it is an error.

    Args:
        fusion: ``"product"``, ``"geometric"`` or ``"mixture"``.
        standard_normal: N(0, 1) as one more expert of every node.

    Shapes:
        x [e, 2d], index [e] or ptr [n + 1], weights [e] → [n, 2d]

    Raises:
        GraphError: if ``fusion`` is unknown, ``standard_normal`` is asked of another than the product, shapes disagree,
            or a node has no expert.

    Example:
        >>> expert = torch.tensor([[0.0, 0.0], [2.0, 0.0], [5.0, 1.0]])  # mean | logvar
        >>> ExpertAggregation("product")(expert, torch.tensor([0, 0, 1]))
        tensor([[ 1.0000, -0.6931],
                [ 5.0000,  1.0000]])
    """

    def __init__(self, fusion: Fusion = "product", *, standard_normal: bool = False) -> None:
        super().__init__()
        if fusion not in ("product", "geometric", "mixture"):
            raise GraphError(f"fusion: expected 'product', 'geometric' or 'mixture', got {fusion!r}")
        if standard_normal and fusion != "product":
            raise GraphError(f"standard_normal: expected the fusion 'product', got {fusion!r}")
        self.fusion, self.standard_normal = fusion, standard_normal

    def forward(
        self,
        x: Tensor,
        index: Tensor | None = None,
        ptr: Tensor | None = None,
        dim_size: int | None = None,
        dim: int = -2,
        weights: Tensor | None = None,
    ) -> Float[Tensor, "n channels"]:
        """Fused Gaussians, one a node; ``weights`` of the edges as the functions take them."""
        check_tensors({"x": x})
        if x.dim() != 2 or dim not in (-2, 0) or x.shape[1] % 2 or not x.is_floating_point():
            raise GraphError(f"x: expected floating point [e, 2d], mean beside logvar, got {x.dtype} {list(x.shape)}")
        if index is None:
            count = torch.tensor([len(x)], device=x.device) if ptr is None else ptr.diff()
            index = torch.arange(len(count), device=x.device).repeat_interleave(count)
        if index.shape != (len(x),):
            raise GraphError(f"index: expected a node for each of {len(x)} edges, got {list(index.shape)}")
        if weights is not None:
            check_tensors({"weights": weights})
            if weights.shape != (len(x),):
                raise GraphError(f"weights: expected one for each of {len(x)} edges, got {list(weights.shape)}")
        size = dim_size if dim_size is not None else int(index.max()) + 1 if len(index) else 0
        with full_precision(x) as (wide,):
            mean, logvar = wide.chunk(2, 1)
            mean, logvar, log_weight = weighted(mean, logvar, weights)
            if self.standard_normal:
                index = torch.cat([index, torch.arange(size, device=index.device)])
                zero = mean.new_zeros(size, mean.shape[1])
                mean, logvar, log_weight = (torch.cat([part, zero]) for part in (mean, logvar, log_weight))
            elif weights is not None:  # an edge of weight 0 is no edge
                here = weights.to(wide.dtype) > 0
                mean, logvar, log_weight, index = mean[here], logvar[here], log_weight[here], index[here]
            self._check_all_informed(index, size)
            edges = Edges(index, size)
            if self.fusion == "geometric":
                log_weight = normalised(edges, log_weight)
            fused = (mixture if self.fusion == "mixture" else product)(edges, mean, logvar, log_weight)
            return finite(torch.cat(fused, 1), {"x": x})

    def _check_all_informed(self, index: Tensor, size: int) -> None:
        if is_traced(index):
            return
        alone = index.bincount(minlength=size) == 0
        if bool(alone.any()):
            raise GraphError(
                f"node {int(alone.nonzero()[0])}: no expert comes in ({int(alone.sum())} such nodes of {size}); "
                "expected at least one edge a node, or standard_normal=True"
            )

    def __repr__(self) -> str:
        return f"ExpertAggregation({self.fusion!r}, standard_normal={self.standard_normal})"
