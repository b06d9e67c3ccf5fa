"""Bring your own data: arrays in files become the nodes and edges of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import Array, as_split, as_whole, check_edge_index, check_finite, check_numeric
from avgraph.datasets.files.classes import find_classes, one_label_a_row
from avgraph.datasets.files.options import EdgeFiles, Files, NodeFiles
from avgraph.datasets.files.random_split import split_groups, split_rows
from avgraph.datasets.files.split_options import RandomSplit
from avgraph.errors import DataError
from avgraph.graph.masks import check_class_coverage
from avgraph.graph.provenance import Provenance
from avgraph.io.arrays import read_array
from avgraph.io.files_read import checksums
from avgraph.io.references import split_reference

NODE_KEYS = ("x", "y", "split", "name")


def load_files(options: Files) -> HeteroData:
    """The graph of `Files`.

    Raises:
        DataError: naming the file and the row or column that is missing, unreadable or wrong.
    """
    root = Path() if options.root is None else Path(options.root)
    if not root.is_dir():
        raise DataError(f"dataset.root: {root} is not a folder")
    return _Reader(root, options.nodes, options.edges).graph()


@dataclass(frozen=True)
class _Reader:
    """Files, to be read from one folder."""

    root: Path
    nodes: dict[str, NodeFiles]
    edges: list[EdgeFiles]

    def graph(self) -> HeteroData:
        arrays = {node: self._read_node(node) for node in self.nodes}
        where = {node: {key: self._where(node, key) for key in part} for node, part in arrays.items()}
        data, classes, untested = graph_of_nodes(arrays, where)
        counts = {node: int(data[node].num_nodes) for node in arrays}
        for position, edge in enumerate(self.edges):
            self._add_edges(data, f"dataset.edges[{position}]", edge, counts)
        Provenance(
            dataset="files",
            source="real",
            note="; ".join(untested),
            classes=classes,
            files=self._checksums(),
            leakage=[],
        ).write_to(data)
        return data

    def _read_node(self, node: str) -> dict[str, Array]:
        """Arrays of one node type by key; the first key decides how many rows there are."""
        references = self.nodes[node]
        part = {
            key: _decoded(read_array(text, self.root), self._where(node, key))
            for key in NODE_KEYS
            if (text := getattr(references, key)) is not None
        }
        for key, array in part.items():
            if (
                array.ndim == 0
                or (array.ndim != 1 and key in ("split", "name"))
                or (array.ndim == 1 and array.dtype.kind in "fiub" and key == "x")
            ):
                expected = "[n, d]" if key == "x" else "[n]"
                raise DataError(f"{self._where(node, key)}: expected shape {expected}, got {list(array.shape)}")
        first = next(iter(part))
        for key, array in part.items():
            if len(array) != len(part[first]):
                there = f"{self._where(node, first)} has {len(part[first])}"
                told = "; its last line is empty" if array.dtype.kind == "U" and array[-1:] == [""] else ""
                raise DataError(f"{self._where(node, key)}: {len(array)} rows, but {there}{told}")
        if len(part[first]) == 0:
            raise DataError(f"{self._where(node, first)}: holds no rows")
        if "y" in part:
            part["y"] = one_label_a_row(part["y"], self._where(node, "y"))
        if references.random_split is not None:
            part["split"] = self._drawn(node, references.random_split, len(part[first]), part.get("y"))
        return part

    def _drawn(self, node: str, options: RandomSplit, count: int, y: Array | None) -> Array:
        """The split of ``random_split``."""
        if options.group is None:
            return split_rows(count, options.val, options.test, options.seed, y)
        where = f"{self.root / options.group} ({node}.random_split.group)"
        group = _decoded(read_array(options.group, self.root), where)
        if group.shape != (count,):
            raise DataError(f"{where}: expected shape [{count}], a value a row, got {list(group.shape)}")
        return split_groups(group, options.val, options.test, options.seed, where)

    def _add_edges(self, data: HeteroData, option: str, edge: EdgeFiles, counts: dict[str, int]) -> None:
        source, target = edge.source, edge.target
        where = f"{self.root / edge.index} ({option})"
        index = as_whole(read_array(edge.index, self.root), where)
        if index.ndim == 2 and index.shape[1] == 2 and index.shape[0] != 2:
            index = index.T  # one edge per row, as tables have it
        if index.ndim != 2 or index.shape[0] != 2:
            raise DataError(f"{where}: expected shape [2, e] or [e, 2], got {list(index.shape)}")
        check_edge_index(index, where, [(source, counts[source]), (target, counts[target])])
        store = data[source, edge.relation, target]
        store.edge_index = torch.from_numpy(np.ascontiguousarray(index))
        for key, dimensions in (("weight", 1), ("attr", 2)):
            if (text := getattr(edge, key)) is None:
                continue
            array, place = read_array(text, self.root), f"{self.root / text} ({option})"
            if array.ndim != dimensions or len(array) != index.shape[1]:
                expected = f"[{index.shape[1]}{', d' if key == 'attr' else ''}]"
                raise DataError(f"{place}: expected shape {expected}, one row per edge, got {list(array.shape)}")
            store[f"edge_{key}"] = features_of(array, place, keep_bytes=False)

    def _where(self, node: str, key: str) -> str:
        text = getattr(self.nodes[node], key)
        return f"{node}.random_split" if text is None else f"{self.root / text} ({node}.{key})"

    def _checksums(self) -> dict[str, str]:
        references = [getattr(part, key) for part in self.nodes.values() for key in NODE_KEYS]
        references += [part.random_split.group for part in self.nodes.values() if part.random_split is not None]
        references += [text for edge in self.edges for text in (edge.index, edge.weight, edge.attr)]
        files = dict.fromkeys(split_reference(text)[0] for text in references if text is not None)
        return checksums({str(file): self.root / file.expanduser() for file in files})


def graph_of_nodes(
    arrays: Mapping[str, Mapping[str, Array]], where: Mapping[str, Mapping[str, str]]
) -> tuple[HeteroData, dict[str, list[str]], list[str]]:
    """Nodes of arrays, their classes by name, and what is to be noted.

    Args:
        arrays: node type → ``x``, ``y`` (one label a row), ``split``, ``name``, as many of each.
        where: node type → the same keys → where they are from, for messages.

    Raises:
        DataError: naming where, and the row that is wrong.
    """
    counts = {node: len(next(iter(part.values()))) for node, part in arrays.items()}
    data, classes, untested = HeteroData(), dict[str, list[str]](), list[str]()
    for node, part in arrays.items():
        store = data[node]
        if "name" in part:
            store.name = [str(name) for name in part["name"]]
        if "x" in part:
            store.x = features_of(part["x"], where[node]["x"])
        if "split" in part:
            split = torch.from_numpy(as_split(part["split"], where[node]["split"]))
            store.train_mask, store.val_mask, store.test_mask = split == 0, split == 1, split == 2
            untested += [] if bool(store.test_mask.any()) else [f"no row of '{node}' is a test row"]
        if "y" in part:
            y, known, label_node = find_classes(node, arrays, where)
            classes[node] = list(known.names)
            store.y = torch.from_numpy(known.of(y, where[node]["y"]))
            if "split" in part:
                if not bool(store.train_mask.any()):
                    raise DataError(f"{where[node]['split']}: no row is train; expected training rows")
                check_class_coverage(store.y, store.train_mask, known.names, where[node]["y"])
            if label_node is not None and "y" not in arrays[label_node]:
                data[label_node].y = torch.arange(counts[label_node])
        store.num_nodes = counts[node]
    return data, classes, untested


def _decoded(array: Array, where: str) -> Array:
    """Words that are stored as bytes, as text."""
    if array.dtype.kind != "S":
        return array
    try:
        return np.char.decode(np.asarray(array, dtype=np.bytes_), "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8: {error.reason}") from None


def features_of(array: Array, where: str, keep_bytes: bool = True) -> Tensor:
    """Finite numbers as float32; 8-bit ones stay as they are, where ``keep_bytes``.

    Raises:
        DataError: naming the rows that are not finite.
    """
    check_numeric(array, where)
    check_finite(array, where)
    if keep_bytes and array.dtype == np.uint8:
        return torch.from_numpy(np.array(array))
    with np.errstate(over="ignore"):  # told below, with the row
        narrow = np.array(array, dtype=np.float32)
    if array.dtype.itemsize > 4:  # a large float64 is finite, its float32 is not
        check_finite(narrow, f"{where}, as float32")
    return torch.from_numpy(narrow)
