"""Nodes and edges of a graph from arrays, wherever these are from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import check_numeric
from avgraph.datasets.files.classes import find_classes
from avgraph.datasets.files.part import Part, attribute_of, attributes_of, features_of
from avgraph.datasets.files.sides import Sides, folds_in, split_masks
from avgraph.datasets.leakage import Leak
from avgraph.errors import DataError, did_you_mean
from avgraph.graph.masks import check_class_coverage
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import EdgeType

Ints = npt.NDArray[np.int64]


@dataclass
class Assembled:
    """A graph, and what its provenance is to say.

    Attributes:
        data: the graph.
        classes: node type → names of its classes.
        columns: node type → the columns of its table that are its features.
        notes: what a reader of the numbers must know.
        leakage: sources on two sides of a split; noted where sources are known.
    """

    data: HeteroData = field(default_factory=HeteroData)
    classes: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    leakage: list[Leak] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)

    def sign(self, dataset: str, sides: Sides, files: Mapping[str, str] | None = None) -> None:
        """Write where the data are from into the graph.

        Args:
            dataset: what they are called.
            sides: how rows were told apart.
            files: SHA-256 of every file that was read, by its name.
        """
        settings: dict[str, Any] = {} if sides.fold is None else {"fold": sides.fold, "val_fold": sides.val_fold}
        settings |= {"columns": self.columns} if self.columns else {}
        note = "; ".join(self.notes)
        known = any("source_file" in self.data[node] for node in self.data.node_types)
        leakage = self.leakage if known else None
        Provenance(dataset, "real", settings, note, self.classes, files, leakage).write_to(self.data)


def graph_of_nodes(parts: Mapping[str, Part], sides: Sides) -> Assembled:
    """Nodes of arrays, ``y`` of one label a row, their classes by name, and what is to be noted.

    Raises:
        DataError: naming where, and the row that is wrong.
    """
    if sides.fold is not None and not any("fold" in part.arrays for part in parts.values()):
        raise DataError(f"dataset.fold: no node type has a fold to test on, of {', '.join(parts)}")
    arrays, where = ({node: getattr(part, key) for node, part in parts.items()} for key in ("arrays", "where"))
    made = Assembled()
    for node, part in parts.items():
        store, found = made.data[node], sides.masks(part)
        if "name" in part.arrays:
            store.name = [str(name) for name in part.arrays["name"]]
        if "x" in part.arrays:
            store.x = features_of(part.arrays["x"], part.where["x"], mapped=part.mapped)
            made.columns |= {node: list(part.columns)} if part.columns else {}
        if "fold" in part.arrays:
            store.fold = folds_in(part)
        if "source" in part.arrays:
            store.source_file = [str(source) for source in part.arrays["source"]]
        if found is not None:
            masks, _, leakage = found
            store.train_mask, store.val_mask, store.test_mask = masks
            made.notes += [] if bool(masks.test.any()) else [f"no row of '{node}' is a test row"]
            made.leakage += leakage
        if "y" in part.arrays:
            y, known, label_node = find_classes(node, arrays, where)
            made.classes[node] = list(known.names)
            store.y = torch.from_numpy(known.of(y, part.where["y"]))
            if found is not None:
                check_class_coverage(store.y, found[0].train, known.names, part.where["y"])
            if label_node is not None and "y" not in arrays[label_node]:
                made.data[label_node].y = torch.arange(len(parts[label_node]))
        for name, value in attributes_of(part).items():
            store[name] = value
        store.num_nodes = len(part)
    return made


def add_edges(data: HeteroData, kind: EdgeType, ends: Ints, part: Part) -> None:
    """Edges between nodes there are, with what each has.

    Args:
        data: the graph, changed in place.
        kind: source node type, relation, target node type.
        ends: number of the source and of the target of each edge, [2, e].
        part: what else there is of each edge.

    Raises:
        DataError: naming where, and the edge that is wrong.
    """
    store = data[kind]
    store.edge_index = torch.from_numpy(ends)
    for key in ("weight", "attr"):
        if key in part.arrays:
            values = features_of(part.arrays[key], part.where[key], keep_bytes=False, mapped=part.mapped)
            store[f"edge_{key}"] = values if key == "weight" else values.reshape(len(values), -1)
    if "y" in part.arrays:
        check_numeric(part.arrays["y"], part.where["y"])
        store.y = attribute_of(part.arrays["y"], part.where["y"])
    if "split" in part.arrays:
        store.train_mask, store.val_mask, store.test_mask = split_masks(part)
    for name, value in attributes_of(part).items():
        store[name] = value


def ends_of(data: HeteroData, kind: EdgeType, part: Part, where: Callable[[str], str]) -> Ints:
    """Numbers of the nodes that the columns ``source`` and ``target`` name, which are taken out of the part.

    Args:
        data: the graph with the nodes.
        kind: source node type, relation, target node type.
        part: what there is of each edge.
        where: a column → where it is, for messages.

    Raises:
        DataError: if a column is missing, or naming the first row that names no node.
    """
    ends = []
    for node, end in ((kind[0], "source"), (kind[2], "target")):
        if end not in part.arrays:
            has = ", ".join((*part.arrays, *part.attributes)) or "none"
            raise DataError(f"{where(end)}: there is no such column; edges need source and target, it has: {has}")
        ends.append(_rows(data[node], node, part.arrays.pop(end).tolist(), part.where[end]))
    return np.stack(ends)


def _rows(store: Any, node: str, ends: Sequence[str], where: str) -> Ints:
    """Numbers of the nodes that one end of every edge names: by their names, or their numbers where they have none."""
    count, named = int(store.num_nodes), "name" in store
    known = {name: row for row, name in enumerate(store.name if named else map(str, range(count)))}
    if len(known) < count:
        again = next(name for name, times in Counter(store.name).items() if times > 1)
        raise DataError(
            f"{where}: names of {node!r} nodes must differ for edges to name them; {again!r} is there again"
        )
    for row, end in enumerate(ends):
        if end not in known:
            there = f"the nodes have names, such as {next(iter(known))!r}" if named else f"there are {count}, from 0"
            raise DataError(f"{where}: row {row}: no {node} {end[:80]!r}; {did_you_mean(end, known) or there}")
    return np.array([known[end] for end in ends], dtype=np.int64)
