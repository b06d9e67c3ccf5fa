"""Data frames become the nodes and edges of a graph. Needs no pandas: any table with named columns will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from avgraph.errors import DataError, hint
from avgraph.graph.vocabulary import EdgeType, show_edge

if TYPE_CHECKING:
    import torch_geometric.data


def from_frames(
    nodes: Mapping[str, Any],
    edges: Mapping[EdgeType, Any] | None = None,
    *,
    features: Mapping[str | EdgeType, Sequence[str]] | None = None,
    fold: int | None = None,
    val_fold: int | None = None,
    on_leakage: Literal["warn", "drop", "error"] = "warn",
) -> torch_geometric.data.HeteroData:
    """The graph of data frames, a row a node or an edge.

    Columns are what they are in a ``table`` of `avgraph.datasets.Files`. Of node frames these are ``name``, ``y``,
    ``split``, ``fold`` and ``source``; the columns that ``features`` names become ``x``, any other an attribute of its
    own. Of edge frames ``source`` and ``target`` are names of nodes, or row numbers where these have none;
    ``weight`` becomes ``edge_weight``, ``features`` ``edge_attr``, ``split`` three masks, any other an attribute.

    Args:
        nodes: node type → data frame (of pandas, or anything with ``columns`` and columns by name).
        edges: (source, relation, target) → data frame.
        features: node type or edge type → columns of its features, by name or pattern (``"f*"``).
        fold: the fold to test on, where rows have one.
        val_fold: the fold to validate on; None keeps all others for training.
        on_leakage: what to do with rows whose ``source`` is that of a test row too.

    Raises:
        DataError: naming the frame, the column and the row that is wrong.

    Example:
        >>> import pandas as pd
        >>> sounds = pd.DataFrame({"name": ["a", "b"], "f0": [1, 2], "f1": [0, 1], "length": [3, 4]})
        >>> near = pd.DataFrame({"source": ["a"], "target": ["b"], "weight": [0.5]})
        >>> data = from_frames({"audio": sounds}, {("audio", "near", "audio"): near}, features={"audio": ["f*"]})
        >>> data["audio"].x.shape, data["audio"].length.tolist(), data["audio", "near", "audio"].edge_index.tolist()
        (torch.Size([2, 2]), [3, 4], [[0], [1]])
    """
    from avgraph.datasets.files.arrays import EDGE_COLUMNS, NODE_COLUMNS
    from avgraph.datasets.files.assemble import add_edges, ends_of, graph_of_nodes
    from avgraph.datasets.files.classes import one_label_a_row
    from avgraph.datasets.files.columns import Frame, part_of
    from avgraph.datasets.files.sides import Sides

    wanted = dict(features or {})
    for kind in wanted:
        if kind not in nodes and kind not in (edges or {}):
            told = repr(kind) if isinstance(kind, str) else show_edge(kind)
            raise DataError(f"features: no node or edge type {told}; {hint(str(kind), nodes, 'there are')}")
    parts = {}
    for node, frame in nodes.items():
        columns = Frame(frame, node)
        parts[node] = part_of(columns, NODE_COLUMNS, ("x", wanted.get(node, ())), columns.where)
        if not len(frame):
            raise DataError(f"{node}: holds no rows")
        if "y" in (part := parts[node]).arrays:
            part.arrays["y"] = one_label_a_row(part.arrays["y"], part.where["y"])
    sides = Sides(fold, val_fold, on_leakage)
    made = graph_of_nodes(parts, sides)
    for kind, frame in (edges or {}).items():
        for node in (kind[0], kind[2]):
            if node not in nodes:
                raise DataError(f"{show_edge(kind)}: no node type {node!r}; {hint(node, nodes, 'there are')}")
        columns = Frame(frame, show_edge(kind))
        part = part_of(columns, EDGE_COLUMNS, ("attr", wanted.get(kind, ())), columns.where)
        add_edges(made.data, kind, ends_of(made.data, kind, part, columns.where), part)
    made.sign("frames", sides)
    return made.data
