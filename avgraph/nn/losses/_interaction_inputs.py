"""What `LatentInteraction` is called with, checked: clips, relations along edges or as tables, their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from avgraph.errors import GraphError, hint
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn.edges.incidence import sides_of
from avgraph.tensors.checks import check_tensors, is_traced


def checked_concepts(
    kinds: Sequence[EdgeType],
    x: Mapping[str, Tensor],
    index: Mapping[EdgeType, Tensor],
    weight: Mapping[EdgeType, Tensor],
) -> int:
    """The number of concepts: that of their rows or of a table, else what the edges name.

    Args:
        kinds: (clip, activates, concept) of every type of clips, then (concept, drives, concept).

    Raises:
        GraphError: naming what is missing or does not fit.

    Example:
        >>> import torch
        >>> kinds = [("audio", "activates", "concept"), ("concept", "drives", "concept")]
        >>> checked_concepts(kinds, {"audio": torch.zeros(2, 1)}, {}, {kinds[0]: torch.zeros(2, 3)})
        Traceback (most recent call last):
        avgraph.errors.GraphError: LatentInteraction: edge_weight_dict: no (concept, drives, concept)
    """
    *activates, drives = kinds
    for clip, _, _ in activates:
        if clip not in x:
            raise GraphError(f"LatentInteraction: x_dict: no node type {clip!r}; {hint(clip, x, 'it has')}")
    shapes = [list(x[clip].shape) for clip, _, _ in activates]
    if any(len(shape) != 2 or shape[1] != shapes[0][1] for shape in shapes):
        raise GraphError(f"LatentInteraction: x_dict: expected [n, d] of one width, got {shapes}")
    for kind in kinds:
        if kind not in weight:
            raise GraphError(f"LatentInteraction: edge_weight_dict: no {show_edge(kind)}")
    count = _count(kinds, x, index, weight)
    for kind in kinds:
        rows = count if kind == drives else len(x[kind[0]])
        if kind in index:
            sides_of(index[kind], rows, count)
        _check_weight(kind, weight[kind], [index[kind].shape[1]] if kind in index else [rows, count])
    return count


def _count(
    kinds: Sequence[EdgeType],
    x: Mapping[str, Tensor],
    index: Mapping[EdgeType, Tensor],
    weight: Mapping[EdgeType, Tensor],
) -> int:
    concept = kinds[-1][0]
    known = {len(x[concept])} if concept in x else set()
    known |= {weight[kind].shape[-1] for kind in kinds if kind not in index}
    if len(known) > 1:
        raise GraphError(f"LatentInteraction: expected one number of {concept!r} nodes, got {sorted(known)}")
    if known:
        return known.pop()
    ends = [index[kind][1] for kind in kinds] + [index[kinds[-1]][0]]
    return max((int(end.max()) + 1 for end in ends if len(end)), default=0)


def _check_weight(kind: EdgeType, weight: Tensor, expected: list[int]) -> None:
    name = f"LatentInteraction: edge_weight_dict[{show_edge(kind)}]"
    check_tensors({name: weight})
    if list(weight.shape) != expected:
        raise GraphError(f"{name}: expected {expected}, got {list(weight.shape)}")
    if not is_traced(weight) and not bool(((weight >= 0) & weight.isfinite()).all()):
        raise GraphError(f"{name}: expected finite weights of at least 0")
