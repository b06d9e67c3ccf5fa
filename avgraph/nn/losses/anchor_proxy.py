"""Anchor-aware proxies as a PyG layer over the edges (other, near, anchor) (Zeng et al., 2024)."""

from __future__ import annotations

from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.nn.edges.complete import complete_edges
from avgraph.nn.edges.hooked_steps import HookedSteps
from avgraph.nn.edges.incidence import Side, sides_of
from avgraph.nn.losses.attention_proxy import attention_of_edges, attention_proxy, attention_proxy_edges
from avgraph.tensors.checks import check_tensors, finite


class AnchorProxy(HookedSteps):
    """`avgraph.nn.attention_proxy` with learned queries, keys and values: anchors and what they attend to.

    Along edges an anchor attends to its neighbours only (`avgraph.nn.attention_proxy_edges`); those of
    ``KNN("other", k, target="anchor")`` are the correlation graph of the cited method.

    For training only: with all of them a clip's proxy sees its own pair and the whole batch, so embeddings that went
    through it at test time know the answer (`LIRTask` reports that protocol apart, as ``batch_proxy``).

    Args:
        channels: width c of the embeddings.
        mask_own_pair: leave out the anchor's own pair, row i of the other modality for anchor i.

    Shapes:
        x [n, c] or (other [m, c], anchor [n, c]), edge_index [2, e] → [n, c]

    Raises:
        GraphError: if a width is another than the layer's, or as the functions.

    Example:
        >>> import torch
        >>> proxy = AnchorProxy(4)
        >>> proxy((torch.randn(5, 4), torch.randn(3, 4))).shape
        torch.Size([3, 4])
    """

    def __init__(self, channels: int, *, mask_own_pair: bool = False) -> None:
        super().__init__()
        if channels < 1:
            raise GraphError(f"channels: expected at least 1, got {channels}")
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)
        self.mask_own_pair = mask_own_pair

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for layer in (self.query, self.key, self.value):
            layer.reset_parameters()

    def forward(self, x: Tensor | tuple[Tensor, Tensor], edge_index: Tensor | None = None) -> Tensor:
        """Proxies of the anchors.

        Args:
            x: the other modality and the anchors, or one set that is both.
            edge_index: (other, anchor); None lets every anchor attend to all.
        """
        other, anchor = (x, x) if isinstance(x, Tensor) else x
        named = {"other": other, "anchor": anchor}
        check_tensors(named)
        for name, rows in named.items():
            if rows.dim() != 2 or rows.shape[1] != self.query.in_features:
                raise GraphError(f"{name}: expected [n, {self.query.in_features}], got {list(rows.shape)}")
        mask = self.mask_own_pair and other.shape[0] > 1  # a last batch of one clip has nothing else to attend to
        query, key, value = self.query(anchor), self.key(other), self.value(other)
        if edge_index is None and self.runs_fused():
            return attention_proxy(anchor, query, key, value, mask_own_pair=mask)
        if edge_index is None:
            edge_index = complete_edges(other.shape[0], anchor.shape[0], device=other.device)
        if self.runs_fused():
            return attention_proxy_edges(anchor, query, key, value, edge_index, mask_own_pair=mask)
        size = (other.shape[0], anchor.shape[0])
        target, masked = sides_of(edge_index, *size)[1], edge_index[0] == edge_index[1] if mask else None
        attention = self.edge_updater(edge_index, x=(key, query), target=target, masked=masked)
        found = self.propagate(edge_index, x=(value, None), attention=attention, size=size)
        return finite(anchor + found, named)

    def edge_update(self, x_j: Tensor, x_i: Tensor, target: Side, masked: Tensor | None) -> Tensor:
        """PyG's step of one edge: its attention, from a key and a query."""
        return attention_of_edges(x_i, x_j, target, masked)

    def message(self, x_j: Tensor, attention: Tensor) -> Tensor:
        """A value, as much as the anchor attends to it."""
        return attention[:, None] * x_j

    def __repr__(self) -> str:
        return f"AnchorProxy({self.query.in_features}, mask_own_pair={self.mask_own_pair})"
