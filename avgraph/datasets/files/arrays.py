"""Bring your own data: arrays and tables in files become the nodes and edges of a graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import Array, as_whole, check_edge_index
from avgraph.datasets.files.assemble import add_edges, ends_of, graph_of_nodes
from avgraph.datasets.files.classes import one_label_a_row
from avgraph.datasets.files.options import Files
from avgraph.datasets.files.part import Part
from avgraph.datasets.files.part_options import EDGE_AXES, EdgeFiles, NodeFiles
from avgraph.datasets.files.random_split import split_groups, split_rows
from avgraph.datasets.files.reader import PartReader, decoded
from avgraph.datasets.files.sides import Sides, common_folds
from avgraph.datasets.files.split_options import RandomSplit
from avgraph.errors import DataError
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.arrays import read_array
from avgraph.io.files_read import checksums
from avgraph.io.mapped_rows import is_whole_map, private
from avgraph.io.references import split_reference

NODE_COLUMNS = ("y", "split", "name", "fold", "source")
EDGE_COLUMNS = ("source", "target", "weight", "y", "split")


def load_files(options: Files) -> HeteroData:
    """The graph of `Files`.

    Raises:
        DataError: naming the file and the row or column that is missing, unreadable or wrong.
    """
    root = _root(options)
    parts = {
        node: read_nodes(PartReader(files, root, node, options.mapped), files) for node, files in options.nodes.items()
    }
    sides = Sides(options.fold, options.val_fold, options.on_leakage)
    made = graph_of_nodes(parts, sides)
    for position, edge in enumerate(options.edges):
        read_edges(made.data, PartReader(edge, root, f"dataset.edges[{position}]", options.mapped), edge)
    made.sign("files", sides, _checksums(options, root))
    return made.data


def folds_of(options: Files) -> tuple[int, ...]:
    """The folds that every node type with folds has.

    Raises:
        DataError: if a file cannot be read, or a fold is no number.
    """
    root = _root(options)
    return common_folds(PartReader(files, root, node).only("fold") for node, files in options.nodes.items())


def _root(options: Files) -> Path:
    root = Path() if options.root is None else Path(options.root)
    if not root.is_dir():
        raise DataError(f"dataset.root: {root} is not a folder")
    return root


def read_nodes(reader: PartReader, files: NodeFiles) -> Part:
    """Rows of one node type; the first key decides how many there are.

    Raises:
        DataError: naming the file whose shape is wrong.
    """
    part = reader.part(NODE_COLUMNS, "x")
    for key, array in part.arrays.items():
        if (
            array.ndim == 0
            or (array.ndim != 1 and key not in ("x", "y"))
            or (array.ndim == 1 and array.dtype.kind in "fiub" and key == "x")
        ):
            expected = "[n, d]" if key == "x" else "[n]"
            raise DataError(f"{part.where[key]}: expected shape {expected}, got {list(array.shape)}")
    first = next(iter({**part.arrays, **part.attributes}))
    for key, array in {**part.arrays, **part.attributes}.items():
        if array.ndim == 0 or len(array) != len(part):
            rows = len(array) if array.ndim else "no"
            told = "; its last line is empty" if array.dtype.kind == "U" and array[-1:] == [""] else ""
            raise DataError(f"{part.where[key]}: {rows} rows, but {part.where[first]} has {len(part)}{told}")
    if len(part) == 0:
        raise DataError(f"{part.where[first]}: holds no rows")
    if "y" in part.arrays:
        part.arrays["y"] = one_label_a_row(part.arrays["y"], part.where["y"])
    if files.random_split is not None:
        _draw_split(reader, files.random_split, part)
    return part


def _draw_split(reader: PartReader, options: RandomSplit, part: Part) -> None:
    """The split of ``random_split``; its groups are what no inner fold may cut either, unless there is a ``source``."""
    count = len(part)
    part.where["split"] = f"{reader.told}.random_split"
    if options.group is None:
        part.arrays["split"] = split_rows(count, options.val, options.test, options.seed, part.arrays.get("y"))
        return
    where = reader.where(("random_split", "group"))
    group = decoded(read_array(options.group, reader.root), where)
    if group.shape != (count,):
        raise DataError(f"{where}: expected shape [{count}], a value a row, got {list(group.shape)}")
    part.arrays["split"] = split_groups(group, options.val, options.test, options.seed, where)
    if "source" not in part.arrays:
        part.arrays["source"], part.where["source"] = group, where


def read_edges(data: HeteroData, reader: PartReader, edge: EdgeFiles) -> None:
    """Edges between nodes there are, added in place.

    Raises:
        DataError: naming the file, and the edge that is wrong.
    """
    part = reader.part(EDGE_COLUMNS, "attr")
    kind: EdgeType = (edge.source, edge.relation, edge.target)
    if edge.index is None:
        ends = ends_of(data, kind, part, reader.column)
    else:
        where = part.where["index"]
        given = part.arrays.pop("index")
        stays = edge_index_stays(given, mapped=part.mapped)
        index: Any = given if stays else as_whole(given, where)
        if index.ndim == 2 and index.shape[1] == 2 and index.shape[0] != 2:
            index = index.T  # one edge per row, as tables have it
        if index.ndim != 2 or index.shape[0] != 2:
            raise DataError(f"{where}: expected shape [2, e] or [e, 2], got {list(index.shape)}")
        check_edge_index(index, where, [(node, int(data[node].num_nodes)) for node in kind[::2]])
        ends = private(index) if stays else np.ascontiguousarray(index)
    for key, array in {**part.arrays, **part.attributes}.items():
        dimensions = (EDGE_AXES[key],) if key in EDGE_AXES else (1, 2, 3, 4)
        if array.ndim not in dimensions or len(array) != ends.shape[1]:
            expected = f"[{ends.shape[1]}{', d' if key == 'attr' else ''}]"
            raise DataError(f"{part.where[key]}: expected shape {expected}, one row per edge, got {list(array.shape)}")
    add_edges(data, kind, ends, part)


def edge_index_stays(index: Array, *, mapped: bool) -> bool:
    """Whether an edge index can stay in its file: int64 [2, e], as the graph has it."""
    return mapped and index.dtype == np.int64 and index.ndim == 2 and len(index) == 2 and is_whole_map(index)


def _checksums(options: Files, root: Path) -> dict[str, str]:
    references = [text for part in (*options.nodes.values(), *options.edges) for text in part.references().values()]
    files = dict.fromkeys(split_reference(text)[0] for text in references)
    return checksums({str(file): root / file.expanduser() for file in files})
