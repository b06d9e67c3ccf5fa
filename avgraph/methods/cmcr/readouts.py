"""What a memory recalls for every item of an overlap, computed once on clean rows and kept by content (Eq. 2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.io.cache import cache_folder, kept_array
from avgraph.io.mapped_rows import BLOCK, Array, Rows, row_blocks, take_rows
from avgraph.methods.cmcr.kept_by_first import kept_by_first
from avgraph.nn.contrast.sharded_readout import sharded_memory_readout
from avgraph.runtime.ranks import own_shard
from avgraph.transforms.top_k import memory_top_k

Recall = Literal["softmax", "argmax", "random"]
_FORMAT = 1  # raise when a readout is computed in another way, so that an old one is not taken for a new one


@dataclass(frozen=True)
class Gathered:
    """Rows of a matrix by their numbers, which may repeat; nothing is copied before rows are taken.

    Attributes:
        rows: the matrix, maybe mapped from a file.
        index: number of each row; None is all of them in order.
    """

    rows: Rows
    index: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows if self.index is None else self.index)

    def take(self, wanted: Tensor) -> Tensor:
        """Some rows in float32 [b, d]."""
        return take_rows(self.rows, self.numbers(wanted))

    def numbers(self, wanted: Tensor) -> Tensor:
        """Numbers of gathered rows as numbers in the matrix that they were gathered from."""
        return wanted if self.index is None else self.index[wanted]

    def loaded(self) -> Tensor:
        """All rows in float32 [n, d]."""
        return self.take(torch.arange(len(self)))

    def whole(self) -> Rows:
        """All rows; those of a mapped file stay mapped unless they are chosen one by one."""
        return self.rows if self.index is None else take_rows(self.rows, self.index)


def recall(
    query: Gathered,
    memory: Gathered,
    how: Recall,
    temperature: float,
    *,
    seed: Sequence[int] = (0,),
    device: torch.device | str = "cpu",
    cache: Path | None = None,
) -> Gathered:
    """For every query a row of the memory's kind.

    Args:
        query, memory: rows of one space.
        how: the softmax over the memory (Eq. 2), its most similar row, or a row by chance.
        temperature: τ₁ of the softmax.
        seed: of chance.
        device: where to compute.
        cache: folder to keep it in; None is that of the user.

    Raises:
        GraphError: if widths differ or a row is zero or not finite.

    Example:
        >>> import tempfile
        >>> rows = Gathered(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     recall(rows, rows, "softmax", 0.01, cache=Path(folder)).take(torch.tensor([1]))
        tensor([[3.7835e-44, 1.0000e+00]])
    """
    if how == "random":
        chosen = np.random.default_rng(list(seed)).integers(len(memory), size=len(query))
        return Gathered(memory.rows, memory.numbers(torch.from_numpy(chosen)))
    queries, rows = query.whole(), memory.whole()
    about = {"format": _FORMAT, "how": how, "temperature": temperature if how == "softmax" else None}
    key = rows_hash(about, queries, rows)
    width = int(queries.shape[1])
    shape: tuple[int, ...] = (len(queries), width) if how == "softmax" else (len(queries),)

    def fill(target: Array | None) -> None:
        # A tensor goes to the device once, a mapped file chunk by chunk; of several ranks each reads its own rows.
        own = rows[own_shard(len(rows))] if how == "softmax" else rows
        source = own.to(device) if isinstance(own, Tensor) else own
        for start, block in row_blocks(queries):
            part = torch.from_numpy(block).to(device)
            if how == "softmax":
                found = sharded_memory_readout(part, source, temperature)
            else:
                found = memory_top_k(part, source, temperature, 1)[0][:, 0]
            if target is not None:
                target[start : start + len(block)] = found.cpu().numpy()

    path = (cache_folder("readouts") if cache is None else cache) / f"{key}.npy"
    kept = kept_by_first(fill, lambda make: kept_array(path, shape, np.float32 if how == "softmax" else np.int64, make))
    if how == "softmax":
        return Gathered(kept)
    return Gathered(memory.rows, memory.numbers(torch.from_numpy(np.array(kept))))


def rows_hash(about: Mapping[str, object], *matrices: Rows) -> str:
    """SHA-256 of some JSON and of the content of matrices, in float32, read a block at a time.

    Example:
        >>> rows_hash({}, torch.zeros(2, 2)) == rows_hash({}, np.zeros((2, 2)))
        True
    """
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for rows in matrices:
        digest.update(str(list(rows.shape)).encode())
        for _, block in row_blocks(rows):
            digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()


def recall_by_edges(query: Gathered, memory: Gathered, edge_index: Tensor, weight: Tensor) -> Gathered:
    """For every query the mean of the memory rows that edges lead to it from, weighted.

    Edges of rows that are neither among the memory nor the queries, as held-out ones, do not count.

    Args:
        query, memory: rows of one space.
        edge_index: number in the matrix of the memory, number in that of the queries.
        weight: of each edge, at least 0.

    Shapes:
        edge_index [2, e], weight [e]

    Raises:
        GraphError: if a weight is negative, or the edges of a query have no weight.

    Example:
        >>> rows = Gathered(torch.eye(2))
        >>> recall_by_edges(rows, rows, torch.tensor([[0, 1, 1], [0, 0, 1]]), torch.tensor([3.0, 1.0, 2.0])).rows
        tensor([[0.7500, 0.2500],
                [0.0000, 1.0000]])
    """
    if bool((weight < 0).any()):
        raise GraphError(f"expected weights of at least 0, got {float(weight.min()):g}")
    source, target = (_places(part, row) for part, row in zip((memory, query), edge_index, strict=True))
    kept = (source >= 0) & (target >= 0)
    source, target, share = edge_index[0, kept], target[kept], weight[kept].float()
    total = torch.zeros(len(query)).index_add(0, target, share)
    if bool((total == 0).any()):
        lacking = (total == 0).nonzero()[:, 0]
        number = int(lacking[0] if query.index is None else query.index[lacking[0]])
        raise GraphError(f"no edge from a training row leads to row {number} ({len(lacking)} of {len(query)} lack one)")
    found = torch.zeros(len(query), int(memory.rows.shape[1]))
    for part in torch.arange(len(target)).split(BLOCK):
        rows = take_rows(memory.rows, source[part])
        found.index_add_(0, target[part], rows * (share[part] / total[target[part]])[:, None])
    return Gathered(found)


def _places(rows: Gathered, number: Tensor) -> Tensor:
    """Where rows of a matrix stand among the gathered ones; -1 where they do not."""
    if rows.index is None:
        return number
    return places_of(rows.index, len(rows.rows))[number]


def places_of(rows: Tensor, count: int) -> Tensor:
    """Where each of ``count`` numbers stands among ``rows``; -1 for one that does not.

    Example:
        >>> places_of(torch.tensor([2, 0]), 4)
        tensor([ 1, -1,  0, -1])
    """
    return torch.full((count,), -1).index_copy(0, rows, torch.arange(len(rows)))
