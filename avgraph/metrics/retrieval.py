"""Retrieval across two sets of embeddings, ranked by cosine similarity (ties by index in the gallery).

A label is a class or, where items hold several, a row of flags: an item is relevant if it shares one with the query.

Shapes:
    query [q, d], gallery [g, d], query_label [q] or [q, c] flags, gallery_label [g] or [g, c] flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_classes, check_tensors
from avgraph.tensors.rows import products_with, unit_rows_of

_MEMORY = 1 << 24  # similarities at a time


def mean_average_precision(
    query: Tensor,
    gallery: Tensor,
    query_label: Tensor,
    gallery_label: Tensor,
    *,
    variant: Literal["standard", "running"] = "standard",
) -> float:
    r"""Mean over the queries of the average precision of their ranking; a gallery item is relevant if its class is.

    .. math::
        \mathrm{AP@}k = \frac1{|R_k|} \sum_{j \in R_k} \mathrm{precision@}j, \qquad
        \mathrm{AP} = \mathrm{AP@}g, \qquad
        \mathrm{AP}_\text{running} = \frac1g \sum_{k=1}^{g} \mathrm{AP@}k

    R_k holds the ranks of the relevant items among the first k (AP@k = 0 if there are none). ``"running"``, the mean
    over every place where the list could end, is what the published code of "Inferred Latent Interaction Graphs"
    computes: a fifth too much on random embeddings, next to nothing near 1. It is here to compare with numbers so
    computed. Queries whose class the gallery lacks are left out.

    Raises:
        GraphError: if shapes disagree, a value is not finite, ``variant`` is unknown or no query has a relevant item.

    Example:
        >>> gallery = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        >>> query, label = torch.tensor([[1.0, 0.0]]), torch.tensor([0])
        >>> mean_average_precision(query, gallery, label, torch.tensor([1, 0, 0]))
        0.583...
        >>> several = torch.tensor([[0, 1], [1, 1], [1, 0]]).bool()
        >>> mean_average_precision(query, gallery, torch.tensor([[True, False]]), several)
        0.583...
    """
    if variant not in ("standard", "running"):
        raise GraphError(f"variant: expected 'standard' or 'running', got {variant!r}")
    return _mean_average_precision(_ranked_hits(query, gallery, query_label, gallery_label), variant)


def scored_average_precision(score: Tensor, query_label: Tensor, gallery_label: Tensor) -> float:
    """`mean_average_precision` of rankings by a table of scores, the highest first, that no embedding need give.

    Shapes:
        score [q, g], query_label [q], gallery_label [g]

    Raises:
        GraphError: if shapes disagree, a score is not finite or no query has a relevant item.

    Example:
        >>> score = torch.tensor([[0.9, 0.5, 0.1]])
        >>> scored_average_precision(score, torch.tensor([0]), torch.tensor([1, 0, 0]))
        0.583...
    """
    return _mean_average_precision(_scored_hits(score, query_label, gallery_label), "standard")


def scored_recall_at_k(score: Tensor, query_label: Tensor, gallery_label: Tensor, k: int) -> float:
    """`recall_at_k` of rankings by a table of scores, the highest first.

    Shapes:
        score [q, g], query_label [q], gallery_label [g]

    Raises:
        GraphError: as `scored_average_precision`, or if ``k`` is out of range.

    Example:
        >>> scored_recall_at_k(torch.tensor([[0.9, 0.5, 0.1]]), torch.tensor([0]), torch.tensor([1, 0, 0]), k=2)
        1.0
    """
    check_tensors({"score": score})
    return _recall(_scored_hits(score, query_label, gallery_label), k, score.shape[-1])


def _mean_average_precision(hits: Iterable[Tensor], variant: str) -> float:
    total, count = 0.0, 0
    for hit in hits:
        average = _average_precision(hit)
        average = average.mean(1) if variant == "running" else average[:, -1]
        usable = hit.any(1)
        total += float(average[usable].sum())
        count += int(usable.sum())
    return _mean(total, count)


def average_precision(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor) -> Tensor:
    """Average precision of every query, whose mean is `mean_average_precision`; NaN where the gallery lacks its class.

    Shapes:
        → [q]

    Raises:
        GraphError: if shapes disagree, or a value is not finite.

    Example:
        >>> gallery = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
        >>> query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> average_precision(query, gallery, torch.tensor([1, 2]), torch.tensor([1, 0, 0]))
        tensor([1., nan], dtype=torch.float64)
    """
    parts = []
    for hit in _ranked_hits(query, gallery, query_label, gallery_label):
        parts.append(_average_precision(hit)[:, -1].where(hit.any(1), torch.nan))
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)


def _average_precision(hit: Tensor) -> Tensor:
    """AP@1 … AP@g of rankings [·, g]; 0 where nothing relevant has come."""
    precision = hit.cumsum(1) / torch.arange(1, hit.shape[1] + 1, device=hit.device, dtype=torch.float64)
    return (precision * hit).cumsum(1) / hit.cumsum(1).clamp_min(1)


def recall_at_k(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor, k: int) -> float:
    """Fraction of the queries with an item of their class among the first ``k``.

    Queries whose class the gallery lacks are left out.

    Raises:
        GraphError: if shapes disagree, a value is not finite, ``k`` is out of range or no query has a relevant item.

    Example:
        >>> gallery, query = torch.tensor([[1.0, 0.0], [1.0, 0.1]]), torch.tensor([[1.0, 0.0]])
        >>> recall_at_k(query, gallery, torch.tensor([0]), torch.tensor([1, 0]), k=1)
        0.0
    """
    check_tensors({"gallery": gallery})
    return _recall(_ranked_hits(query, gallery, query_label, gallery_label), k, len(gallery))


def _recall(hits: Iterable[Tensor], k: int, size: int) -> float:
    if not 1 <= k <= size:
        raise GraphError(f"k: expected 1 … {size}, the size of the gallery, got {k}")
    found, count = 0, 0
    for hit in hits:
        found += int(hit[:, :k].any(1).sum())
        count += int(hit.any(1).sum())
    return _mean(float(found), count)


def _scored_hits(score: Tensor, query_label: Tensor, gallery_label: Tensor) -> Iterator[Tensor]:
    """Whether the item at each rank is of the query's class, some queries at a time [·, g]."""
    check_tensors({"score": score})
    if score.dim() != 2 or not score.shape[1]:
        raise GraphError(f"score: expected [queries, gallery], got {list(score.shape)}")
    if not bool(score.isfinite().all()):
        raise GraphError(f"score: row {int((~score.isfinite().all(1)).nonzero()[0])} is not finite")
    check_classes("query_label", query_label, len(score))
    check_classes("gallery_label", gallery_label, score.shape[1])
    size = max(1, _MEMORY // score.shape[1])
    for rows, label in zip(score.split(size), query_label.split(size), strict=True):
        yield _hits(label, gallery_label, rows)


def _ranked_hits(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor) -> Iterator[Tensor]:
    """Whether the item at each rank is of the query's class, some queries at a time [·, g]."""
    _check(query, gallery, query_label, gallery_label)
    unit_query, unit_gallery = unit_rows_of(query), unit_rows_of(gallery)
    product = products_with(unit_gallery)
    size = max(1, _MEMORY // len(gallery))
    for rows, label in zip(unit_query.split(size), query_label.split(size), strict=True):
        yield _hits(label, gallery_label, product(rows))


def _hits(label: Tensor, gallery_label: Tensor, score: Tensor) -> Tensor:
    """Whether the items share a class with the queries, the highest score first."""
    order = score.argsort(dim=1, descending=True, stable=True)
    if label.dim() == 1:
        return gallery_label[order] == label[:, None]
    return (label.float() @ gallery_label.float().T > 0).gather(1, order)


def _mean(total: float, count: int) -> float:
    if not count:
        raise GraphError("no query has an item of its class in the gallery")
    return total / count


def _check(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor) -> None:
    check_tensors({"query": query, "gallery": gallery, "query_label": query_label, "gallery_label": gallery_label})
    if query.dim() != 2 or gallery.dim() != 2 or query.shape[1] != gallery.shape[1] or not len(gallery):
        raise GraphError(
            f"query, gallery: expected [q, d] and [g, d], got {list(query.shape)} and {list(gallery.shape)}"
        )
    for name, x, label in (("query", query, query_label), ("gallery", gallery, gallery_label)):
        if not bool(x.isfinite().all()):
            row = int((~x.isfinite().all(1)).nonzero()[0])
            raise GraphError(f"{name}: row {row} is not finite")
        if label.dim() != 2 or label.dtype != torch.bool:
            check_classes(f"{name}_label", label, len(x))
    wide = [list(label.shape[1:]) for label in (query_label, gallery_label)]
    tall = [len(label) for label in (query_label, gallery_label)]
    if wide[0] != wide[1] or tall != [len(query), len(gallery)]:
        shapes = [list(label.shape) for label in (query_label, gallery_label)]
        raise GraphError(f"query_label, gallery_label: expected labels of one kind, one an item, got {shapes}")


def chance_average_precision(query_label: Tensor, gallery_label: Tensor) -> float | None:
    r"""Expected `mean_average_precision` of random rankings; None where no query has an item of its class.

    With R relevant of g items and the harmonic number H_g (Bestgen 2015),

    .. math::
        \mathbb{E}[\mathrm{AP}] = \frac1g \Bigl(\frac{R - 1}{g - 1} (g - H_g) + H_g\Bigr)

    Shapes:
        query_label [q], gallery_label [g]

    Example:
        >>> chance_average_precision(torch.tensor([0]), torch.tensor([0, 1]))  # first or second of two: 1 or 1/2
        0.75
    """
    g = len(gallery_label)
    label, place = torch.cat([query_label, gallery_label]).unique(return_inverse=True)
    relevant = place[len(query_label) :].bincount(minlength=len(label))[place[: len(query_label)]].double()
    relevant = relevant[relevant > 0]
    if not len(relevant):
        return None
    harmonic = float((1 / torch.arange(1, g + 1, dtype=torch.float64)).sum())
    average = ((relevant - 1) / max(1, g - 1) * (g - harmonic) + harmonic) / g
    return float(average.mean())
