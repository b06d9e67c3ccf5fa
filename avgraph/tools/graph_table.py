"""An attribute of the nodes of a run's graph as a table, for `avgraph discover`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.dag import Table
from avgraph.dag.columns import Selection, UnknownColumnError, check_names
from avgraph.errors import DataError
from avgraph.graph.nodes import check_finite, node_attribute
from avgraph.graph.provenance import Provenance
from avgraph.io.graph_file import load_graph
from avgraph.io.run_places import GRAPH, finished_run

_LEAST = 1e-6  # a probability of 0 or 1 has no logit


def is_graph(path: Path) -> bool:
    """Whether a path names the graph of a run, not a table: a folder, or a file such as ``graph.pt``.

    Example:
        >>> is_graph(Path("runs/a/graph.pt")), is_graph(Path("table.csv"))
        (True, False)
    """
    return path.is_dir() or path.suffix == ".pt"


def graph_table(path: str | Path, node: str, attribute: str, columns: tuple[str, ...], drop: tuple[str, ...]) -> Table:
    """The rows of ``data[node][attribute]``, columns named after the classes where there is one for each.

    Probabilities that sum to one are taken as their logits: of themselves each is a combination of the others, and a
    linear model says little of them; `Table.notes` says so.

    Args:
        path: folder of a finished run, or a file ``graph.pt``.
        node: node type.
        attribute: of numbers, such as ``score`` or ``embedding``.
        columns: names or patterns of the columns to take; all if empty.
        drop: names or patterns of columns to leave out of these.

    Shapes:
        data[node][attribute] [n, p]

    Raises:
        DataError: if the run has not finished, or the attribute is no matrix of numbers.
        GraphError: if the graph has no such nodes or attribute, or a value is not finite.
    """
    file = finished_run(path) / GRAPH if Path(path).is_dir() else Path(path)
    graph = load_graph(file)
    x = node_attribute(graph, node, attribute)
    if not isinstance(x, Tensor) or x.ndim != 2 or x.is_complex():
        got = f"{str(x.dtype).removeprefix('torch.')} {list(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise DataError(f"{file}: {node}.{attribute}: expected numbers [rows, columns], got {got}")
    check_finite(f"{file}: {node}.{attribute}", x.float())
    names = check_names(column_names(graph, node, attribute, x.shape[1]), x.shape[1])
    try:
        chosen = Selection(tuple(columns), tuple(drop)).pick(list(names))
    except UnknownColumnError as error:
        raise DataError(f"{error} ({file})") from None
    values, notes = x.double(), list[str]()
    if is_distribution(values):
        values = values.logit(_LEAST)
        notes.append(f"{node}.{attribute}: probabilities, taken as their logits")
    rows = np.ascontiguousarray(values.numpy()[:, chosen])
    return Table(rows, tuple(names[k] for k in chosen), path=file, notes=tuple(notes))


def is_distribution(x: Tensor) -> bool:
    """Whether every row is of probabilities that sum to one.

    Example:
        >>> import torch
        >>> is_distribution(torch.tensor([[0.2, 0.8]])), is_distribution(torch.tensor([[0.2, 0.9]]))
        (True, False)
    """
    return x.shape[1] > 1 and bool((x >= 0).all()) and bool(((x.sum(1) - 1).abs() < 1e-3).all())


def column_names(graph: HeteroData, node: str, attribute: str, width: int) -> list[str]:
    """Names of so many columns: the classes as the data set calls them, or the nodes of the type that they are.

    Example:
        >>> import torch
        >>> data = HeteroData(a={"score": torch.zeros(1, 2)}, b={"name": ["cat", "dog"], "y": torch.tensor([1, 0])})
        >>> column_names(data, "a", "score", 2), column_names(data, "a", "x", 3)
        (['dog', 'cat'], ['x[0]', 'x[1]', 'x[2]'])
    """
    if attribute.endswith("score"):
        known = Provenance.of(graph).classes or ()
        names = known.get(node, ()) if hasattr(known, "get") else known
        if len(names) == width:
            return [str(name) for name in names]
        for other in graph.node_types:
            store = graph[other]
            called = store.get("name", ())
            if other != node and len(called) == width and "y" in store and sorted(store.y.tolist()) == [*range(width)]:
                return [str(called[row]) for row in store.y.argsort().tolist()]
    return [f"{attribute}[{k}]" for k in range(width)]
