"""What `RRNet` is declared with and called with, checked by shape alone: a step pays microseconds for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from avgraph.errors import GraphError, hint
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn import Incidence


def check_types(
    channels: Mapping[str, int], intra: Sequence[EdgeType], inter: EdgeType, edge_channels: Mapping[EdgeType, int]
) -> None:
    """Refuse edge types that the model cannot be built of.

    Raises:
        GraphError: naming the edge type or the node type.

    Example:
        >>> check_types({"audio": 8, "label": 5}, [("audio", "of", "label")], ("audio", "candidate", "label"), {})
        Traceback (most recent call last):
        avgraph.errors.GraphError: RRNet: intra: (audio, of, label) joins two node types; expected one, as in ...
    """
    for kind in (*intra, inter):
        if not isinstance(kind, tuple) or len(kind) != 3 or not all(isinstance(part, str) for part in kind):
            raise GraphError(f"RRNet: expected edge types (source, relation, target), got {kind!r}")
    known, ends = show_types((*intra, inter)), (inter[0], inter[2])
    if inter[0] == inter[2]:
        raise GraphError(f"RRNet: inter: {show_edge(inter)} joins one node type; expected two, as in (a, candidate, b)")
    for node in ends:
        if node not in channels:
            raise GraphError(f"RRNet: channels: no width of node type {node!r}; {hint(node, channels, 'it has')}")
    for node in channels:
        if not isinstance(channels[node], int) or channels[node] < 1:
            raise GraphError(f"RRNet: channels: expected a width of at least 1 of {node!r}, got {channels[node]!r}")
    for kind in intra:
        if kind[0] != kind[2]:
            raise GraphError(f"RRNet: intra: {show_edge(kind)} joins two node types; expected one, as in (a, near, a)")
        if kind[0] not in ends:
            raise GraphError(f"RRNet: intra: {show_edge(kind)}: expected nodes that inter joins, {', '.join(ends)}")
    if len(set(intra)) < len(intra) or inter in intra:
        raise GraphError(f"RRNet: expected every edge type once, got {', '.join(known)}")
    for kind in edge_channels:
        if kind not in (*intra, inter):
            shown = show_edge(kind) if isinstance(kind, tuple) else repr(kind)
            raise GraphError(f"RRNet: edge_channels: no edge type {shown}; {hint(shown, known, 'the model has')}")


def checked_nodes(x_dict: Mapping[str, Tensor], node: str, channels: int, like: Tensor) -> Tensor:
    """Features [n, c] of a node type in the type of the weights.

    Raises:
        GraphError: naming the node type, if they are missing, of another width, or no real numbers.
    """
    if node not in x_dict:
        raise GraphError(f"RRNet: x_dict: no node type {node!r}; {hint(node, x_dict, 'it has')}")
    return _real(x_dict[node], f"x_dict[{node!r}]", ("n", channels), like)


def plan_in(plans: Mapping[EdgeType, Incidence], kind: EdgeType, rows: tuple[int, int]) -> Incidence:
    """The CSR view of an edge type.

    Raises:
        GraphError: if it is missing, or of other numbers of nodes.
    """
    if kind not in plans:
        raise GraphError(f"RRNet: plans: no {show_edge(kind)}; {hint(show_edge(kind), show_types(plans), 'it has')}")
    plan = plans[kind]
    got = (plan.source.num_nodes, plan.target.num_nodes)
    if got != rows:
        raise GraphError(f"RRNet: plans[{show_edge(kind)}]: expected {rows} source and target nodes, got {got}")
    return plan


def plan_of(kind: EdgeType, x_dict: Mapping[str, Tensor], edge_index_dict: Mapping[EdgeType, Tensor]) -> Incidence:
    """The CSR view of one edge type.

    Raises:
        GraphError: naming the edge type, if its index is missing, of another shape or type, or out of range.
    """
    for node in (kind[0], kind[2]):
        if node not in x_dict:
            raise GraphError(f"RRNet: x_dict: no node type {node!r}; {hint(node, x_dict, 'it has')}")
    if kind not in edge_index_dict:
        shown = show_edge(kind)
        raise GraphError(f"RRNet: edge_index_dict: no {shown}; {hint(shown, show_types(edge_index_dict), 'it has')}")
    try:
        return Incidence.from_edge_index(edge_index_dict[kind], x_dict[kind[0]].shape[0], x_dict[kind[2]].shape[0])
    except GraphError as error:
        raise GraphError(f"RRNet: {show_edge(kind)}: {error}") from None


def checked_edges(
    attr: Mapping[EdgeType, Tensor], kind: EdgeType, num_edges: int, channels: int, like: Tensor
) -> Tensor | None:
    """Attributes [e, c] of an edge type in the type of the weights; [e] stands for [e, 1].

    Raises:
        GraphError: naming the edge type, if they are missing, not declared, of another shape, or no real numbers.
    """
    value = attr.get(kind)
    if value is None:
        if channels:
            told = f"whose edge_channels are {channels}; {hint(show_edge(kind), show_types(attr), 'it has')}"
            raise GraphError(f"RRNet: edge_attr_dict: no {show_edge(kind)}, {told}")
        return None
    where = f"edge_attr_dict[{show_edge(kind)}]"
    if not channels:
        raise GraphError(f"RRNet: {where}: given, but not declared; expected its width in edge_channels")
    if isinstance(value, Tensor) and value.dim() == 1 and channels == 1:
        value = value.unsqueeze(1)
    return _real(value, where, (num_edges, channels), like)


def check_known(attr: Mapping[EdgeType, Tensor], kinds: Sequence[EdgeType], edges: Mapping[EdgeType, Any]) -> None:
    """Refuse attributes of edges that are not there; a graph may have more edge types than the model.

    Raises:
        GraphError: naming the edge type.
    """
    for kind in attr:
        if kind not in kinds and kind not in edges:
            shown = show_edge(kind) if isinstance(kind, tuple) else repr(kind)
            raise GraphError(f"RRNet: edge_attr_dict: no edges {shown}; {hint(shown, show_types(kinds), 'there are')}")


def show_types(kinds: Any) -> list[str]:
    """Edge types as text, in a list of names."""
    return [show_edge(kind) if isinstance(kind, tuple) else repr(kind) for kind in kinds]


def _real(value: Any, where: str, shape: tuple[int | str, int], like: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        raise GraphError(f"RRNet: {where}: expected a tensor, got {type(value).__name__}")
    fits = value.dim() == 2 and value.shape[1] == shape[1] and shape[0] in ("n", value.shape[0])
    if not fits:
        raise GraphError(f"RRNet: {where}: expected [{shape[0]}, {shape[1]}], got {list(value.shape)}")
    if value.is_complex():
        raise GraphError(f"RRNet: {where}: expected real numbers, got {str(value.dtype).removeprefix('torch.')}")
    is_mixed = not like.is_meta and torch.is_autocast_enabled(like.device.type)
    return value if is_mixed and value.is_floating_point() else value.to(like.dtype)
