"""What a finished run says of rows that it has not been trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.class_names import class_names
from avgraph.graph.nodes import node_count


@dataclass(frozen=True, eq=False)
class Predictions:
    """Answers, a row each.

    Attributes:
        columns: ``name`` (of ratings ``user`` and ``item``), ``prediction`` and what else the method says, by column.
        graph: the new nodes with what was predicted of them, and their edges to nodes of the run.
        embedding: of each row [n, d], where the method has one.
        mask: probability of each pixel [n, h, w], of a method that masks pictures.

    Example:
        >>> found = Predictions({"name": ["a", "b"], "prediction": ["dog", "cat"]}, HeteroData())
        >>> len(found), found.rows()[1]
        (2, {'name': 'b', 'prediction': 'cat'})
    """

    columns: Mapping[str, Sequence[Any]]
    graph: HeteroData
    embedding: Tensor | None = None
    mask: Tensor | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, column: str) -> Sequence[Any]:
        return self.columns[column]

    def rows(self) -> list[dict[str, Any]]:
        """Every row by the names of the columns."""
        names, values = list(self.columns), zip(*self.columns.values(), strict=True)
        return [dict(zip(names, row, strict=True)) for row in values]


def class_list(graph: HeteroData, node: str, target: str | None = None) -> list[str]:
    """What the classes of a node type are called: as nodes of ``target`` are, or as the graph says, or by number.

    Args:
        graph: of a run.
        node: whose ``y`` they are.
        target: node type whose ``y`` says which class each of its nodes is, if any.

    Example:
        >>> import torch
        >>> data = HeteroData(a={"y": torch.tensor([0])}, b={"y": torch.tensor([1, 0]), "name": ["x", "y"]})
        >>> class_list(data, "a", "b")
        ['y', 'x']
    """
    number = int(graph[node].y.max()) + 1
    if target is not None:
        number = max(number, int(graph[target].y.max()) + 1)
        if "name" in graph[target]:
            found = {
                int(y): str(name)
                for y, name in zip(reversed(graph[target].y.tolist()), reversed(graph[target].name), strict=True)
            }
            return [found.get(each, str(each)) for each in range(number)]
    known = class_names(graph, node)
    return [str(known.get(each, each)) for each in range(max([number, *(each + 1 for each in known)]))]


def only_type(new: HeteroData) -> str:
    """The one node type of new rows.

    Raises:
        GraphError: if there are several.

    Example:
        >>> only_type(HeteroData(audio={"name": ["a"]}))
        'audio'
    """
    if len(new.node_types) != 1:
        raise GraphError(f"predict: expected new rows of one type, got {', '.join(new.node_types)}")
    return str(new.node_types[0])


def row_names(graph: HeteroData, node: str) -> list[str]:
    """Names of the nodes of a type, their numbers (``row`` in the data set, if it says so) where they have none.

    Example:
        >>> row_names(HeteroData(a={"num_nodes": 2}), "a")
        ['0', '1']
    """
    store = graph[node]
    if "name" in store:
        return [str(name) for name in store.name]
    return [str(row) for row in (store.row.tolist() if "row" in store else range(node_count(graph, node)))]
