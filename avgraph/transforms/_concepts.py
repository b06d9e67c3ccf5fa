"""Columns of node attributes and the concept nodes they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.concepts import add_concepts
from avgraph.graph.nodes import check_finite, node_attribute, node_count, node_vector
from avgraph.graph.provenance import Provenance


def concept_columns(data: HeteroData, nodes: Sequence[str], attribute: str) -> list[Tensor]:
    """The attribute of each node type, checked.

    Shapes:
        → [n, c] each, in double precision

    Raises:
        GraphError: if it is missing, or no finite table of numbers.
    """
    found = []
    for node in nodes:
        value, rows = node_attribute(data, node, attribute), node_count(data, node)
        if not isinstance(value, Tensor) or value.dim() != 2 or len(value) != rows or not value.is_floating_point():
            got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise GraphError(f"{node}.{attribute}: expected numbers [{rows}, classes], got {got}")
        check_finite(f"{node}.{attribute}", value)
        found.append(value.detach().double().cpu())
    return found


def with_concepts(
    data: HeteroData, concept: str, nodes: Sequence[str], columns: Sequence[Tensor], attribute: str
) -> list[str]:
    """The names of the concepts, which are made, in place, where there are none.

    Raises:
        GraphError: if there are not as many as columns, or they are classes in another order.
    """
    known = Provenance.of(data)
    if concept not in data.node_types:
        classes = {}
        for node, part in zip(nodes, columns, strict=True):
            names, made = known.class_names(node), [f"class {k}" for k in range(part.shape[1])]
            classes[node] = list(map(str, names)) if len(names) == len(made) else made
        add_concepts(data, concept, classes)
    count, width = node_count(data, concept), sum(part.shape[1] for part in columns)
    if count != width:
        parts = " + ".join(f"{part.shape[1]} of {node}.{attribute}" for node, part in zip(nodes, columns, strict=True))
        raise GraphError(f"expected a {concept!r} node for each column, got {count} nodes and {parts}")
    if len(nodes) == 1:
        check_class_order(data, concept, f"{nodes[0]}.{attribute}")
    return [str(name) for name in data[concept].get("name", [f"{concept} {row}" for row in range(count)])]


def check_class_order(data: HeteroData, target: str, table: str) -> None:
    """Refuse classes that come in another order than the columns of a table, of which column c is class c.

    Raises:
        GraphError: naming the first that does.
    """
    if "y" not in data[target]:
        return
    y, in_order = node_vector(data, target, "y", torch.int64).cpu(), torch.arange(node_count(data, target))
    if torch.equal(y.sort().values, in_order) and not torch.equal(y, in_order):
        row = int((y != in_order).nonzero()[0])
        raise GraphError(
            f"{target}.y: row {row}: expected class {row}, got {int(y[row])}: column {row} of {table} is "
            f"class {row}; sort the {target!r} nodes by class"
        )
