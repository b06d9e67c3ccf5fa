"""The nearest rows of queries, group by group, found exactly or nearly so."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.transforms._approximate import imported_faiss, nearest_in_lists, recall
from avgraph.transforms._nearest_blocks import nearest_in_blocks
from avgraph.transforms._unit_rows import UnitRows

Group = Tensor | Sequence[Hashable] | None


class FoundRows(NamedTuple):
    """Rows, how similar they are, and the share of the exact ones among them: None where all are."""

    place: Int64[Tensor, "m k"]
    similarity: Float32[Tensor, "m k"]
    recall: float | None


def found_rows(
    units: tuple[UnitRows, UnitRows],
    k: int,
    chunk_size: int | None,
    groups: tuple[Group, Group],
    approximate: int | None,
    *,
    own: bool,
) -> FoundRows:
    """Of queries and rows, group by group; ``own``: whether row i may be found for query i."""
    for name, number, unit in (
        ("k", k, "neighbour"), ("chunk_size", chunk_size, "row"), ("approximate", approximate, "list")
    ):  # fmt: skip
        if number is not None and number < 1:
            raise GraphError(f"{name}: expected at least 1 {unit}, got {number}")
    if approximate is not None:
        imported_faiss()
        if chunk_size is not None:
            raise GraphError("chunk_size: expected none beside approximate, which takes no product of all rows")
    query, x = units
    index = torch.empty(len(query), k, dtype=torch.int64)
    similarity = torch.empty(len(query), k, dtype=torch.float32)
    rows_of, shares = dict(_members(groups[1], len(x))), []
    for value, member in _members(groups[0], len(query)):
        among = rows_of.get(value, torch.empty(0, dtype=torch.int64))
        most = len(among) - (not own)
        if k > most:
            where = "" if groups[0] is None else f" in group {value!r}"
            raise GraphError(f"k = {k} neighbours of {len(among)} rows{where}: k is at most {max(most, 0)}")
        if approximate is None:
            local, similarity[member] = nearest_in_blocks(query, member, x, among, k, chunk_size, own=own)
        else:
            found = nearest_in_lists(query, member, x, among, k, approximate, own=own)
            shares.append((recall(found, query, member, x, among, own=own), len(member)))
            local, similarity[member] = found
        index[member] = among[local]  # rows ascend, so ties by local index are ties by index
    share = sum(part * count for part, count in shares) / len(query) if shares else None
    return FoundRows(index.to(x.device), similarity.to(x.device), share)


def _members(group: Group, n: int) -> list[tuple[Any, Tensor]]:
    """The rows of each group, ascending."""
    if group is None:
        return [(None, torch.arange(n))]
    shape = list(group.shape) if isinstance(group, Tensor) else [len(group)]
    if shape != [n]:
        raise GraphError(f"group: expected one value per row, [{n}], got {shape}")
    members: dict[Any, list[int]] = {}
    for row, value in enumerate(group.tolist() if isinstance(group, Tensor) else group):
        members.setdefault(value, []).append(row)
    return [(value, torch.tensor(rows)) for value, rows in members.items()]
