"""Similarity of two modalities over what both can be compared with: a path of two softmax steps."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_temperature, finite
from avgraph.tensors.rows import unit_rows

_CHUNK = 2048  # rows that are passed through at a time: two tables [n, 2048] in place of [n, c]


def path_similarity(
    source: Tensor,
    target: Tensor,
    through: tuple[Tensor, Tensor],
    temperature: float,
    *,
    chunk_size: int = _CHUNK,
) -> Float[Tensor, "a b"]:
    r"""The probability that two rows choose the same item, each by its similarity to all items in its own space.

    .. math::
        T_{ij} = \sum_k \operatorname{softmax}_k\bigl(\cos(s_i, u_k) / \tau\bigr)
                        \operatorname{softmax}_k\bigl(\cos(t_j, v_k) / \tau\bigr)

    Sounds and pictures are compared through captions that a space of each holds, and nothing is trained: the free
    baseline of C-MCR, and its targets (`avgraph.methods.cmcr`). It is the path (source, recalls, item) →
    (item, recalled by, target) of the complete graphs, weights multiplied and summed. The items pass in chunks.

    Args:
        source, target: rows of two spaces.
        through: the same items in the space of the source, u, and in that of the target, v.
        temperature: τ of both steps.
        chunk_size: items at a time; changes the memory taken, not the result.

    Shapes:
        source [a, d], target [b, e], u [c, d], v [c, e] → [a, b]

    Raises:
        GraphError: if shapes do not fit, a number is not finite, or τ is not above 0.

    Example:
        >>> sound, picture, words = torch.tensor([[1.0, 0.0]]), torch.eye(2), (torch.eye(2), torch.eye(2))
        >>> path_similarity(sound, picture, words, temperature=0.1)
        tensor([[9.9991e-01, 9.0792e-05]])
    """
    u, v = through
    for name, rows in (("source", source), ("target", target), ("through[0]", u), ("through[1]", v)):
        if rows.dim() != 2 or not rows.is_floating_point():
            raise GraphError(f"{name}: expected floating-point rows [n, d], got {rows.dtype} {list(rows.shape)}")
    for name, rows, items in (("source", source, u), ("target", target, v)):
        if rows.shape[1] != items.shape[1]:
            widths = f"{list(rows.shape)} and {list(items.shape)}"
            raise GraphError(f"{name}: expected the width of its space of items, got {widths}")
    if len(u) != len(v) or not len(u):
        raise GraphError(f"through: expected the same items, at least 1, in both spaces, got {len(u)} and {len(v)}")
    check_temperature(temperature)
    if chunk_size < 1:
        raise GraphError(f"chunk_size: expected at least 1 row, got {chunk_size}")
    with full_precision(source, target, u, v) as (source, target, u, v):
        sides = [(unit_rows(x) / temperature, unit_rows(items)) for x, items in ((source, u), (target, v))]
        totals = [_log_total(x, items, chunk_size) for x, items in sides]
        found = source.new_zeros(len(source), len(target))
        for start in range(0, len(u), chunk_size):
            part = slice(start, start + chunk_size)
            one, other = ((x @ items[part].T - total).exp() for (x, items), total in zip(sides, totals, strict=True))
            found = found + one @ other.T
        return finite(found, {"source": source, "target": target, "through[0]": u, "through[1]": v})


def _log_total(x: Tensor, items: Tensor, chunk_size: int) -> Float[Tensor, "n 1"]:
    parts = [(x @ part.T).logsumexp(1, keepdim=True) for part in items.split(chunk_size)]
    return torch.cat(parts, 1).logsumexp(1, keepdim=True)
