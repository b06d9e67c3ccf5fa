"""Proxies by cross-attention over the other modality (Zeng et al., "Anchor-aware Deep Metric Learning", 2024)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Side, sides_of
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum
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
    _check_shapes(named, mask_own_pair)
    score = query @ key.T * query.shape[1] ** -0.5
    if mask_own_pair:
        own = torch.eye(key.shape[0], dtype=torch.bool, device=key.device)
        score = score.masked_fill(own, -torch.inf)
    proxy: Tensor = z + score.softmax(1) @ value
    return finite(proxy, named)


def attention_proxy_edges(
    z: Tensor, query: Tensor, key: Tensor, value: Tensor, edge_index: Tensor, *, mask_own_pair: bool = False
) -> Tensor:
    """`attention_proxy` where a clip attends to those of the other modality only that its edges come from.

    Args:
        z, query, key, value, mask_own_pair: see `attention_proxy`.
        edge_index: (row of the other modality, clip).

    Shapes:
        z [n, c], query [n, d], key [m, d], value [m, c], edge_index [2, e] → [n, c]; without an edge a clip stays z

    Raises:
        GraphError: if shapes disagree, or an edge names a row that is not there.

    Example:
        >>> z, query, key = torch.zeros(2, 2), torch.zeros(2, 3), torch.zeros(2, 3)
        >>> attention_proxy_edges(z, query, key, torch.tensor([[2.0, 0], [0, 2.0]]), torch.tensor([[0, 1], [0, 0]]))
        tensor([[1., 1.],
                [0., 0.]])
    """
    named = {"z": z, "query": query, "key": key, "value": value}
    _check_shapes(named, mask_own_pair)
    source, target = sides_of(edge_index, key.shape[0], query.shape[0])
    own = edge_index[0] == edge_index[1] if mask_own_pair else None
    attention = attention_of_edges(gather_rows(query, target), gather_rows(key, source), target, own)
    return finite(z + segment_sum(attention[:, None] * gather_rows(value, source), target), named)


def attention_of_edges(query_i: Tensor, key_j: Tensor, target: Side, masked: Tensor | None) -> Tensor:
    """Weight of each edge from the query and the key at its ends; masked ones weigh nothing.

    Shapes:
        query_i, key_j [e, d], masked [e] → [e]

    Example:
        >>> target = Side.from_index(torch.tensor([0, 0]), 1)
        >>> attention_of_edges(torch.zeros(2, 1), torch.zeros(2, 1), target, None)
        tensor([0.5000, 0.5000])
    """
    score = (query_i * key_j).sum(1) * query_i.shape[1] ** -0.5
    return edge_softmax(score if masked is None else score.masked_fill(masked, -torch.inf), target)


def _check_shapes(named: Mapping[str, Tensor], mask_own_pair: bool) -> None:
    check_tensors(named)
    z, query, key, value = named.values()
    pairs = ((z, query, 0), (key, value, 0), (query, key, 1), (z, value, 1))
    if any(part.dim() != 2 for part in named.values()) or any(x.shape[k] != y.shape[k] for x, y, k in pairs):
        shapes = [list(part.shape) for part in named.values()]
        raise GraphError(f"z, query, key, value: expected [n, c], [n, d], [m, d], [m, c], got {shapes}")
    if mask_own_pair and (query.shape[0] != key.shape[0] or key.shape[0] < 2):
        raise GraphError(f"mask_own_pair: expected at least 2 paired rows, got {query.shape[0]} and {key.shape[0]}")
