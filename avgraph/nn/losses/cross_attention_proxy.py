"""Proxies by cross-attention over the other modality (Zeng et al., "Anchor-aware Deep Metric Learning", 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors, finite


def attention_proxy(z: Tensor, query: Tensor, key: Tensor, value: Tensor, *, mask_own_pair: bool = False) -> Tensor:
    r"""An embedding and what it attends to in a batch of the other modality.

    .. math::
        \ell^* = z + \operatorname{softmax}(Q K^\top / \sqrt d)\, V

    Args:
        z, query: of the clips that get a proxy.
        key, value: of the other modality, row i from the clip of row i.
        mask_own_pair: leave out row i of the other modality for clip i.

    Shapes:
        z [n, c], query [n, d], key [m, d], value [m, c] → [n, c]

    Raises:
        GraphError: if shapes disagree, or the own pair is masked and there is nothing else.

    Example:
        >>> attention_proxy(torch.zeros(1, 2), torch.zeros(1, 3), torch.zeros(2, 3), torch.tensor([[2.0, 0], [0, 2.0]]))
        tensor([[1., 1.]])
    """
    named = {"z": z, "query": query, "key": key, "value": value}
    check_tensors(named)
    shapes = [list(part.shape) for part in (z, query, key, value)]
    pairs = ((z, query, 0), (key, value, 0), (query, key, 1), (z, value, 1))
    if any(part.dim() != 2 for part in named.values()) or any(x.shape[k] != y.shape[k] for x, y, k in pairs):
        raise GraphError(f"z, query, key, value: expected [n, c], [n, d], [m, d], [m, c], got {shapes}")
    score = query @ key.T * query.shape[1] ** -0.5
    if mask_own_pair:
        if len(query) != len(key) or len(key) < 2:
            raise GraphError(f"mask_own_pair: expected at least 2 paired rows, got {len(query)} and {len(key)}")
        own = torch.eye(len(key), dtype=torch.bool, device=key.device)
        score = score.masked_fill(own, -torch.inf)
    proxy: Tensor = z + score.softmax(1) @ value
    return finite(proxy, named)


class CrossAttentionProxy(nn.Module):
    """`attention_proxy` with learned queries, keys and values.

    For training only: a clip's proxy sees its own pair and the whole batch, so embeddings that went through it at test
    time know the answer (`LIRTask` reports that protocol apart, as ``batch_proxy``).

    Args:
        channels: width c of the embeddings.
        mask_own_pair: leave out the anchor's own pair.

    Shapes:
        z [n, c], other [n, c] → [n, c]

    Example:
        >>> CrossAttentionProxy(4)(torch.randn(3, 4), torch.randn(3, 4)).shape
        torch.Size([3, 4])
    """

    def __init__(self, channels: int, *, mask_own_pair: bool = False) -> None:
        super().__init__()
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(channels, channels, bias=False)
        self.value = nn.Linear(channels, channels, bias=False)
        self.mask_own_pair = mask_own_pair

    def forward(self, z: Tensor, other: Tensor) -> Tensor:
        """Proxies of ``z`` in the batch ``other``.

        Raises:
            GraphError: if one of them has another width than the layer.
        """
        check_tensors({"z": z, "other": other})
        for name, rows in (("z", z), ("other", other)):
            if rows.dim() != 2 or rows.shape[1] != self.query.in_features:
                raise GraphError(f"{name}: expected [n, {self.query.in_features}], got {list(rows.shape)}")
        mask = self.mask_own_pair and len(other) > 1  # a last batch of one clip has nothing else to attend to
        return attention_proxy(z, self.query(z), self.key(other), self.value(other), mask_own_pair=mask)

    def __repr__(self) -> str:
        return f"CrossAttentionProxy({self.query.in_features}, mask_own_pair={self.mask_own_pair})"
