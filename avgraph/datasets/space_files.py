"""Embeddings of several spaces from files: large ones stay mapped, all are checked."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import as_whole
from avgraph.errors import DataError
from avgraph.graph.spaces import state_name
from avgraph.io.arrays import map_array, read_array
from avgraph.io.cache import cache_folder, kept_array
from avgraph.io.checksum import sha256_file
from avgraph.io.mapped_rows import Array, check_embeddings, row_blocks, row_lengths
from avgraph.io.references import split_reference

logger = logging.getLogger(__name__)


class SpaceFiles:
    """A node type per modality, with its rows in every space as ``x_<space>``.

    Files are mapped and read a block at a time, in float16, float32 or float64 (`avgraph.io.arrays.map_array` says
    which formats can be).

    Args:
        root: folder the references start from; None is the working directory.
        spaces: space → modality → reference to unit rows [n, d]; row i of a modality is one item in every space.
        held_out: node type → ``x`` (space → reference), ``y`` (classes, or the number of each pair), ``name``,
            ``split``: rows to evaluate on.
        names: modality → reference to names.
        normalize: scale rows to length 1: of every file (True), of no file, so that other rows are refused (False), or
            of the files that have such rows (None). A scaled file is kept in the user's cache, and the provenance
            names it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/text.npy", np.eye(3))
        ...     spaces = {"clap": {"text": "text.npy"}, "clip": {"text": "text.npy"}}
        ...     data = SpaceFiles(folder, spaces=spaces).load()
        ...     data["text"].num_nodes, list(data["text"])
        (3, ['x_clap', 'x_clip', 'num_nodes'])
    """

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        spaces: Mapping[str, Mapping[str, str]],
        held_out: Mapping[str, Mapping[str, Any]] | None = None,
        names: Mapping[str, str] | None = None,
        normalize: bool | None = None,
    ) -> None:
        self.root = Path(root).expanduser() if root is not None else Path()
        self.spaces, self.held_out, self.names = spaces, dict(held_out or {}), dict(names or {})
        self.normalize = normalize
        self.scaled: list[str] = []

    def load(self) -> HeteroData:
        """Map, check and assemble; held-out rows and names are loaded.

        Raises:
            DataError: naming the file and the row that is zero, not finite or not of length 1, or a file that is
                unreadable, cut short or has another number of rows or columns than it should.
        """
        if not self.root.is_dir():
            raise DataError(f"dataset.root: {self.root} is not a folder")
        self.scaled = []
        data, files = HeteroData(), []
        for space, held in self.spaces.items():
            width: int | None = None
            for node, reference in held.items():
                rows = self._rows(reference, f"{space}.{node}", width)
                width = rows.shape[1]
                self._same_count(data, node, len(rows), reference)
                data[node][state_name(space)] = rows
                files.append(reference)
        for node in data.node_types:
            data[node].num_nodes = len(next(iter(data[node].values())))
        for node, reference in self.names.items():
            data[node].name = self._strings(reference, len(data[node][next(iter(data[node]))]))
            files.append(reference)
        for node, part in self.held_out.items():
            files += [text for text in (*part["x"].values(), part["y"], part.get("name")) if text]
            self._hold_out(data, node, part)
        data.provenance = {
            "dataset": "spaces",
            "source": "real",
            "note": "",
            "files": {str(file): sha256_file(self.root / file) for file in self._files(files)},
            "leakage": [],
            **({"scaled_to_length_1": list(dict.fromkeys(self.scaled))} if self.scaled else {}),
        }
        return data

    def _hold_out(self, data: HeteroData, node: str, part: Mapping[str, Any]) -> None:
        for space, reference in part["x"].items():
            width = data[next(iter(self.spaces[space]))][state_name(space)].shape[1]
            rows = self._rows(reference, f"held_out.{node}", width)
            self._same_count(data, node, len(rows), reference)
            data[node][state_name(space)] = torch.from_numpy(np.array(rows, dtype=np.float32))
        store, where = data[node], f"{self.root / part['y']} (held_out.{node}.y)"
        store.y = torch.from_numpy(as_whole(read_array(part["y"], self.root), where))
        count = len(next(iter(store.values())))
        if store.y.shape != (count,):
            raise DataError(f"{where}: expected {count} whole numbers, one per row, got {list(store.y.shape)}")
        split = part.get("split", "test")
        for name in ("train", "val", "test"):
            store[f"{name}_mask"] = torch.full((count,), name == split)
        if part.get("name") is not None:
            store.name = self._strings(part["name"], count)
        store.num_nodes = count

    def _rows(self, reference: str, meaning: str, width: int | None) -> Array:
        where = f"{self.root / reference} ({meaning})"
        rows = map_array(reference, self.root)
        unit = check_embeddings(rows, where, unit=self.normalize is False, expected=width)
        if self.normalize is not True and unit:
            return rows
        if self.normalize is None:
            logger.info("%s: rows of another length than 1, scaled", where)
        self.scaled.append(reference)
        return self._scaled(rows, reference, where)

    def _scaled(self, rows: Array, reference: str, where: str) -> Array:
        """The rows at length 1, in a file of the cache named by the content of theirs."""
        file, _, key = split_reference(reference)
        content = hashlib.sha256(f"1\n{sha256_file(self.root / file)}\n{key or ''}".encode()).hexdigest()  # format 1

        def fill(target: Array) -> None:
            for start, block in row_blocks(rows):
                target[start : start + len(block)] = block / row_lengths(block, where, start)[:, None]

        return kept_array(cache_folder("unit_rows") / f"{content}.npy", rows.shape, np.float32, fill)

    def _same_count(self, data: HeteroData, node: str, count: int, reference: str) -> None:
        known = next((len(value) for key, value in data[node].items() if key.startswith("x_")), count)
        if count != known:
            raise DataError(f"{self.root / reference}: {count} rows, but '{node}' has {known} in another space")

    def _strings(self, reference: str, count: int) -> list[str]:
        names = [str(name) for name in read_array(reference, self.root).tolist()]
        if len(names) != count:
            raise DataError(f"{self.root / reference}: expected {count} names, one per row, got {len(names)}")
        return names

    def _files(self, references: list[str]) -> list[Path]:
        return list(dict.fromkeys(split_reference(text)[0].expanduser() for text in references))
