"""A graph in a file as data: what its nodes say of classes, splits and folds becomes what methods read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import Array, check_finite, check_numeric
from avgraph.datasets.files.assemble import graph_of_nodes
from avgraph.datasets.files.classes import one_label_a_row
from avgraph.datasets.files.columns import chosen
from avgraph.datasets.files.part import Part
from avgraph.datasets.files.sides import Sides, common_folds, split_masks
from avgraph.datasets.graph_file.options import GraphFile
from avgraph.datasets.graph_file.saved import read_saved_graph
from avgraph.errors import DataError, hint, shortened
from avgraph.export import read_graphml, read_json
from avgraph.graph.nodes import MASKS
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import show_edge
from avgraph.io.files_read import checksums

NODE_KEYS = ("y", "split", "name", "fold", "source")
_READERS = {".graphml": read_graphml, ".json": read_json, ".pt": read_saved_graph}


def load_graph_file(options: GraphFile) -> HeteroData:
    """The graph of `GraphFile`.

    Raises:
        DataError: naming the file, and the node or the attribute that is wrong.
    """
    path = Path(options.path)
    graph = _read(path)
    parts = _parts(graph, options)
    sides = Sides(options.fold, options.val_fold, options.on_leakage)
    made = graph_of_nodes(parts, sides)
    for node in graph.node_types:
        store = made.data[node]
        for name, value in graph[node].items():
            if name not in (*NODE_KEYS, "x", "num_nodes") and not (name in MASKS and name in store):
                store[name] = value
        if "y" in graph[node] and "y" not in store:
            store.y = graph[node].y
    for kind in graph.edge_types:
        _copy_edges(made.data[kind], graph[kind], f"{path}: {show_edge(kind)}")
    before = Provenance.of(graph)  # a stand-in stays one
    made.sign("graph_file", sides, checksums({path.name: path}))
    here = Provenance.of(made.data)
    replace(
        here,
        source=before.source or here.source,
        note="; ".join(note for note in (before.note, here.note) if note),
        classes={**made.classes, **before.classes} if isinstance(before.classes, dict) else made.classes,
        leakage=[*(before.leakage or ()), *(here.leakage or ())],
    ).write_to(made.data)
    return made.data


def folds_of(options: GraphFile) -> tuple[int, ...]:
    """The folds that every node type with folds has.

    Raises:
        DataError: if the file cannot be read, or a fold is no number.
    """
    return common_folds(_parts(_read(Path(options.path)), options).values())


def _read(path: Path) -> HeteroData:
    graph = _READERS[path.suffix.lower()](path)
    if not graph.node_types:
        raise DataError(f"{path}: holds no nodes")
    return graph


def _parts(graph: HeteroData, options: GraphFile) -> dict[str, Part]:
    """What the nodes of each type have that is to be understood."""
    features, parts = options.features or {}, {}
    for node in features:
        if node not in graph.node_types:
            raise DataError(f"dataset.features: no node type {node!r}; {hint(node, graph.node_types, 'the file has')}")
    for node in graph.node_types:
        store, called = graph[node], f"{options.path}: {node}"
        names = [name for name in store if name != "num_nodes"]
        where = {name: f"{called}.{name}" for name in (*names, "name", "x")}
        own = chosen(features.get(node, ["x"] if "x" in names else ()), names, NODE_KEYS, f"{called}.{{}}".format)
        # Classes that this package has written are numbers already, with those of unknown class among them.
        ready = ("y",) if "provenance" in graph and isinstance(store.get("y"), Tensor) else ()
        arrays = {key: _array(store[key], where[key]) for key in NODE_KEYS if key in names and key not in ready}
        if own:
            made = [_vectors(_array(store[name], where[name]), where[name]) for name in own]
            arrays["x"] = made[0] if own == ["x"] else np.concatenate([rows.reshape(len(rows), -1) for rows in made], 1)
        if "y" in arrays:
            arrays["y"] = one_label_a_row(arrays["y"], where["y"])
        parts[node] = Part(arrays or {"name": np.array([f"{node}/{row}" for row in range(store.num_nodes)])}, where)
    return parts


def _array(value: Any, where: str) -> Array:
    """An attribute that every node has."""
    if isinstance(value, Tensor):
        return value.numpy()
    for row, cell in enumerate(value):
        if cell is None:
            raise DataError(f"{where}: node {row} has none, but others have")
    if not all(isinstance(cell, str) for cell in value):
        raise DataError(f"{where}: expected words or numbers, or lists of as many numbers each")
    return np.array(value, dtype=str)


def _vectors(array: Array, where: str) -> Array:
    """Features [n, d] or pictures; a list of numbers may be written as text, as GraphML has no other way."""
    if array.dtype.kind == "U":
        rows = [_numbers(text, f"{where}: node {row}") for row, text in enumerate(array.tolist())]
        for row, numbers in enumerate(rows):
            if len(numbers) != len(rows[0]):
                raise DataError(f"{where}: node {row} has {len(numbers)} numbers, node 0 has {len(rows[0])}")
        array = np.array(rows)
    check_numeric(array, where)
    return array if array.ndim > 1 else array[:, None]


def _numbers(text: str, where: str) -> Sequence[float]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(type(number) in (int, float) for number in found):
        raise DataError(f"{where}: expected a list of numbers, such as [0.5, 2], got {shortened(text)!r}")
    return found


def _copy_edges(store: Any, edges: Any, where: str) -> None:
    """Edges with all that they have; a ``split`` becomes masks."""
    for name, value in edges.items():
        if name == "weight":  # what `edge_weight` is made of where it can be
            raise DataError(f"{where}.weight: expected a number for every edge")
        if name in ("edge_weight", "edge_attr") and isinstance(value, torch.Tensor):
            check_finite(value.numpy(), f"{where}.{name}", "edge")
        if name == "split":
            split = Part({"split": _array(value, f"{where}.split")}, {"split": f"{where}.split"})
            store.train_mask, store.val_mask, store.test_mask = split_masks(split)
        else:
            store[name] = value.float() if name == "edge_weight" and isinstance(value, torch.Tensor) else value
