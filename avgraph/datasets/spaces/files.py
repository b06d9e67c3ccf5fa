"""Embeddings of several spaces from files: large ones stay mapped, all are checked."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import as_whole
from avgraph.datasets.spaces.localisation import add_boxes
from avgraph.datasets.spaces.options import SpaceFiles
from avgraph.datasets.spaces.part_options import HeldOutFiles
from avgraph.errors import DataError, first_few
from avgraph.graph.provenance import Provenance
from avgraph.graph.spaces import state_name
from avgraph.io.arrays import map_array, read_array
from avgraph.io.cache import cache_folder, kept_array
from avgraph.io.files_read import checksum, checksums
from avgraph.io.mapped_rows import Array, check_embeddings, row_blocks, row_lengths
from avgraph.io.references import split_reference

logger = logging.getLogger(__name__)


def load_space_files(options: SpaceFiles) -> HeteroData:
    """The graph of `SpaceFiles`.

    Raises:
        DataError: naming the file and the row that is zero, not finite or not of length 1, or a file that is
            unreadable, cut short or has another number of rows or columns than it should.
    """
    root = Path() if options.root is None else Path(options.root)
    if not root.is_dir():
        raise DataError(f"dataset.root: {root} is not a folder")
    return _Reader(root, options).graph()


@dataclass(frozen=True)
class _Reader:
    """Files, to be mapped from one folder; ``scaled`` are those whose rows had another length than 1."""

    root: Path
    options: SpaceFiles
    scaled: list[str] = field(default_factory=list)

    def graph(self) -> HeteroData:
        data, files = HeteroData(), []
        for space, held in self.options.spaces.items():
            width: int | None = None
            for node, reference in held.items():
                rows = self._rows(reference, f"{space}.{node}", width)
                width = rows.shape[1]
                self._same_count(data, node, len(rows), reference)
                data[node][state_name(space)] = rows
                files.append(reference)
        for node in data.node_types:
            data[node].num_nodes = len(next(iter(data[node].values())))
        for node, reference in (self.options.names or {}).items():
            data[node].name = self._strings(reference, len(data[node][next(iter(data[node]))]))
            files.append(reference)
        for node, part in (self.options.held_out or {}).items():
            files += [text for text in (*part.x.values(), part.y, part.name) if text]
            self._hold_out(data, node, part)
        self._check_prompts(data)
        if self.options.localisation is not None:
            files += self.options.localisation.tables().values()
            add_boxes(data, self.options.localisation, self.root)
        Provenance(
            dataset="spaces",
            source="real",
            settings={"scaled_to_length_1": list(dict.fromkeys(self.scaled))} if self.scaled else {},
            note="",
            files=checksums({str(file): self.root / file for file in self._files(files)}),
            leakage=[],
        ).write_to(data)
        return data

    def _hold_out(self, data: HeteroData, node: str, part: HeldOutFiles) -> None:
        for space, reference in part.x.items():
            width = data[next(iter(self.options.spaces[space]))][state_name(space)].shape[1]
            rows = self._rows(reference, f"held_out.{node}", width)
            self._same_count(data, node, len(rows), reference)
            data[node][state_name(space)] = torch.from_numpy(np.array(rows, dtype=np.float32))
        store = data[node]
        count = len(next(iter(store.values())))
        if part.y is not None:
            where = f"{self.root / part.y} (held_out.{node}.y)"
            store.y = torch.from_numpy(as_whole(read_array(part.y, self.root), where))
            if store.y.shape != (count,):
                raise DataError(f"{where}: expected {count} whole numbers, one per row, got {list(store.y.shape)}")
        if part.prompts:
            store.is_prompt = torch.ones(count, dtype=torch.bool)
        for name in ("train", "val", "test"):
            store[f"{name}_mask"] = torch.full((count,), name == part.split)
        if part.name is not None:
            store.name = self._strings(part.name, count)
        store.num_nodes = count

    def _check_prompts(self, data: HeteroData) -> None:
        held_out = self.options.held_out or {}
        for node, part in held_out.items():
            if not part.prompts:
                continue
            known = set(data[node].y.tolist())
            for other, asked in held_out.items():
                if asked.split != part.split or asked.prompts or asked.y is None:
                    continue
                lacking = sorted(set(data[other].y.tolist()) - known)
                if lacking:
                    told = f"no prompt of class {first_few(lacking)}, which {other} has"
                    raise DataError(f"{self.root / part.y!s} (held_out.{node}.y): {told}")  # type: ignore[operator]

    def _rows(self, reference: str, meaning: str, width: int | None) -> Array:
        where = f"{self.root / reference} ({meaning})"
        rows = map_array(reference, self.root)
        unit = check_embeddings(rows, where, unit=self.options.normalize is False, expected=width)
        if self.options.normalize is not True and unit:
            return rows
        if self.options.normalize is None:
            logger.info("%s: rows of another length than 1, scaled", where)
        self.scaled.append(reference)
        return self._scaled(rows, reference, where)

    def _scaled(self, rows: Array, reference: str, where: str) -> Array:
        """The rows at length 1, in a file of the cache named by the content of theirs."""
        file, _, key = split_reference(reference)
        content = hashlib.sha256(f"1\n{checksum(self.root / file)}\n{key or ''}".encode()).hexdigest()  # format 1

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
