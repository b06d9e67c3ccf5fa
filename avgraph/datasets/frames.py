"""Data frames become the nodes and edges of a graph. Needs no pandas: any table with named columns will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from avgraph.errors import DataError, did_you_mean, hint
from avgraph.graph.vocabulary import EdgeType, show_edge

if TYPE_CHECKING:
    import torch_geometric.data


def from_frames(
    nodes: Mapping[str, Any],
    edges: Mapping[EdgeType, Any] | None = None,
    *,
    features: Mapping[str, Sequence[str]] | None = None,
) -> torch_geometric.data.HeteroData:
    """The graph of data frames, a row a node or an edge.

    Of node frames ``name``, ``y`` and ``split`` are what they are in `avgraph.datasets.Files`; the columns that
    ``features`` names become ``x``; any other column an attribute of its own. Of edge frames ``source`` and ``target``
    are names of nodes, or row numbers where these have none; ``weight`` becomes ``edge_weight``, any other column an
    attribute.

    Args:
        nodes: node type → data frame (of pandas, or anything with ``columns`` and columns by name).
        edges: (source, relation, target) → data frame.
        features: node type → columns of ``x``, by name or pattern (``"f*"``).

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
    import numpy as np
    import torch

    from avgraph.datasets.files.arrays import features_of, graph_of_nodes
    from avgraph.datasets.files.classes import one_label_a_row
    from avgraph.export.inference import infer
    from avgraph.graph.provenance import Provenance

    arrays: dict[str, dict[str, Any]] = {}
    where: dict[str, dict[str, str]] = {}
    rest: dict[str, list[str]] = {}
    for node in features or {}:
        if node not in nodes:
            raise DataError(f"features: no node type {node!r}; {hint(node, nodes, 'there are')}")
    for node, frame in nodes.items():
        columns = [str(column) for column in frame.columns]
        own = _chosen(node, (features or {}).get(node, ()), columns)
        part: dict[str, Any] = {key: _array(frame, key, node) for key in ("y", "split", "name") if key in columns}
        if own:
            part = {"x": np.stack([_numbers(frame, column, node) for column in own], 1), **part}
        if "y" in part:
            part["y"] = one_label_a_row(part["y"], f"{node}.y")
        rest[node] = [column for column in columns if column not in (*own, "y", "split", "name")]
        if not len(frame):
            raise DataError(f"{node}: holds no rows")
        arrays[node] = part or {"name": np.array([str(row) for row in range(len(frame))])}
        where[node] = {key: f"{node}.{key}" for key in arrays[node]}
    data, classes, untested = graph_of_nodes(arrays, where)
    for node, columns in rest.items():
        for column in columns:
            data[node][column] = infer(_array(nodes[node], column, node).tolist())
    for kind, frame in (edges or {}).items():
        store, shown = data[kind], show_edge(kind)
        ends = []
        for side, key in ((0, "source"), (2, "target")):
            if kind[side] not in nodes:
                raise DataError(f"{shown}: no node type {kind[side]!r}; {hint(kind[side], nodes, 'there are')}")
            if key not in frame.columns:
                raise DataError(f"{shown}: no column {key!r}; it has {', '.join(map(str, frame.columns))}")
            ends.append(_rows(data[kind[side]], _array(frame, key, shown), f"{shown}.{key}", kind[side]))
        store.edge_index = torch.tensor(ends, dtype=torch.int64)
        for column in map(str, frame.columns):
            if column == "weight":
                store.edge_weight = features_of(_numbers(frame, column, shown), f"{shown}.weight", keep_bytes=False)
            elif column not in ("source", "target"):
                store[column] = infer(_array(frame, column, shown).tolist())
    Provenance("frames", "real", note="; ".join(untested), classes=classes, leakage=[]).write_to(data)
    return data


def _chosen(node: str, patterns: Sequence[str], columns: Sequence[str]) -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        fits = [column for column in columns if fnmatchcase(column, pattern)]
        if not fits:
            raise DataError(f"features: {node}: no column {pattern!r}; {hint(pattern, columns, 'it has')}")
        found += [column for column in fits if column not in found]
    return found


def _array(frame: Any, column: str, where: str) -> Any:
    """A column: numbers, or words where it holds any."""
    import numpy as np

    array = np.asarray(frame[column])
    if array.dtype.kind in "fiub":
        return array
    values = array.tolist()
    for row, value in enumerate(values):
        if value is None or value != value:  # what pandas has in the place of a missing word
            raise DataError(f"{where}.{column}: row {row} is missing")
    return np.array([str(value) for value in values])


def _numbers(frame: Any, column: str, where: str) -> Any:
    import numpy as np

    array = np.asarray(frame[column])
    if array.dtype.kind not in "fiub":
        raise DataError(f"{where}.{column}: expected numbers, got {array.dtype}")
    return array.astype(np.float64)


def _rows(store: Any, ends: Any, where: str, node: str) -> list[int]:
    """Numbers of the nodes that one end of every edge names."""
    count = int(store.num_nodes)
    known = {name: row for row, name in enumerate(store.name)} if "name" in store else {}
    if known and len(known) < count:
        raise DataError(f"{where}: names of {node!r} nodes must differ for edges to name them")
    found = []
    for row, end in enumerate(ends.tolist()):
        number = known.get(str(end), -1) if known else end
        if not isinstance(number, int) or not 0 <= number < count:
            near = did_you_mean(str(end), known)
            told = f"no {node} {end!r}{near and '; '}{near}" if known else f"{node} {end!r} of {count}"
            raise DataError(f"{where}: row {row}: {told}")
        found.append(number)
    return found
