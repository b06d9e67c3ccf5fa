"""The nearest of very many rows, nearly always: an inverted file of faiss proposes, an exact comparison decides."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.runtime.progress import counted
from avgraph.transforms._blocks import rows_within
from avgraph.transforms._nearest_blocks import Found, nearest_in_blocks, rounded
from avgraph.transforms._unit_rows import WIDE, UnitRows
from avgraph.transforms.top_k import stable_top_k

_ROWS_PER_LIST, _SAMPLE, _SEED = 64, 256, 0


def nearest_in_lists(
    query: UnitRows,
    asked: Int64[Tensor, " m"],
    rows: UnitRows,
    among: Int64[Tensor, " n"],
    k: int,
    lists: int,
    *,
    own: bool,
) -> Found:
    """As `nearest_in_blocks`, but only among the rows of the ``lists`` nearest lists of each query.

    The rows are dealt to 2·√n lists by k-means (64 rows a list, ten rounds, a fixed seed) and held there with 8 bits a
    number. Of each query the 2·k + 8 best by these are compared again in float64: similarities are exact, only which
    rows are found is not. A query whose lists hold fewer than ``k`` rows is answered exactly.

    Raises:
        GraphError: if faiss is not installed.
    """
    faiss = imported_faiss()
    index = _filled(faiss, rows, among, lists)
    place, value = torch.empty(len(asked), k, dtype=torch.int64), torch.empty(len(asked), k)
    proposed = min(2 * k + 8, len(among))
    step, lacking = rows_within(2 * WIDE * rows.width * proposed), []
    with counted(len(asked), "nearest rows") as advance:
        for start in range(0, len(asked), step):
            part = asked[start : start + step]
            unit = query.take(part).cpu()
            found = torch.from_numpy(index.search(unit.float().numpy(), proposed)[1])
            if not own:
                found[found == torch.searchsorted(among, part)[:, None]] = -1
            found = found.sort(1).values  # ties by index
            value[start : start + step], kept = _compared(unit, rows, among, found, k)
            place[start : start + step] = found.gather(1, kept)
            lacking.append(start + (value[start : start + step, -1] == -torch.inf).nonzero()[:, 0])
            advance(len(part))
    if len(rest := torch.cat(lacking)):
        place[rest], value[rest] = nearest_in_blocks(query, asked[rest], rows, among, k, None, own=own)
    return place, value


def recall(found: Found, query: UnitRows, asked: Tensor, rows: UnitRows, among: Tensor, *, own: bool) -> float:
    """The share of the exact nearest that were found, for 256 queries drawn with a fixed seed, or for all.

    One that is as similar as the last of the exact ones counts.

    Args:
        found: places in ``among`` and similarities, of every query.
        query, asked, rows, among, own: as of `nearest_in_lists`.
    """
    drawn = torch.randperm(len(asked), generator=torch.Generator().manual_seed(_SEED))[:_SAMPLE].sort().values
    k = found[1].shape[1]
    _, exact = nearest_in_blocks(query, asked[drawn], rows, among, k, None, own=own)
    return float((found[1][drawn] >= exact[:, -1:]).float().mean())


def _filled(faiss: Any, rows: UnitRows, among: Tensor, lists: int) -> Any:
    """The rows in their lists."""
    faiss.omp_set_num_threads(torch.get_num_threads())
    count = max(1, min(int(2 * math.sqrt(len(among))), len(among) // 4))
    coarse = faiss.IndexFlatIP(rows.width)
    index = faiss.IndexIVFScalarQuantizer(
        coarse, rows.width, count, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.nprobe = min(lists, count)
    index.cp.seed, index.cp.niter, index.cp.spherical = _SEED, 10, True
    index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = _ROWS_PER_LIST, 1
    drawn = torch.randperm(len(among), generator=torch.Generator().manual_seed(_SEED))[: _ROWS_PER_LIST * count]
    index.train(torch.cat(list(_single(rows, among[drawn.sort().values]))).numpy())
    for part in _single(rows, among):
        index.add(part.numpy())
    return index


def _single(rows: UnitRows, index: Tensor) -> Any:
    """Some rows in float32, a block at a time."""
    for part in index.split(rows_within(2 * WIDE * rows.width)):
        yield rows.take(part).float().cpu()


def _compared(unit: Tensor, rows: UnitRows, among: Tensor, found: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The ``k`` highest exact similarities to proposed rows, −∞ where there is none, and which of them they are."""
    distinct, column = among[found.clamp_min(0)].unique(return_inverse=True)
    # Products and sums of each pair alone: equal rows give equal numbers.
    pairs = rows.take(distinct).cpu()[column].mul_(unit[:, None, :])
    similarity = rounded(pairs.sum(2)).masked_fill(found < 0, -torch.inf)
    kept, value = stable_top_k(similarity, k)
    return value, kept


def imported_faiss() -> Any:
    """The module faiss.

    Raises:
        GraphError: if it is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise GraphError(f"approximate: needs faiss: pip install 'avgraph[ann]' ({error})") from None
    return faiss
