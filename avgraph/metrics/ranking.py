"""The ranking of a gallery for every query, made once: what MAP, its running variant and every recall are read from.

Ranked by cosine similarity or by a table of scores, ties by index in the gallery. A label is a class or, where items
hold several, a row of flags: an item is relevant if it shares one with the query.

Shapes:
    query [q, d], gallery [g, d], query_label [q] or [q, c] flags, gallery_label [g] or [g, c] flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_classes, check_tensors
from avgraph.tensors.rows import products_with, unit_rows_of

_MEMORY = 1 << 24  # similarities at a time


@dataclass(frozen=True)
class Ranking:
    """What became of every query.

    Attributes:
        average_precision: of its list; 0 where the gallery has nothing relevant.
        running_average_precision: mean over all places where the list could end.
        first: how many items stand before the first relevant one; ``size`` where there is none.
        size: of the gallery.

    Shapes:
        average_precision, running_average_precision, first [q]
    """

    average_precision: Tensor
    running_average_precision: Tensor
    first: Tensor
    size: int

    @property
    def answered(self) -> Tensor:
        """Whether the gallery has something relevant [q]."""
        return self.first < self.size

    def mean_average_precision(self, variant: Literal["standard", "running"] = "standard") -> float:
        """See `avgraph.metrics.mean_average_precision`.

        Raises:
            GraphError: if no query has a relevant item.
        """
        value = self.running_average_precision if variant == "running" else self.average_precision
        return self._mean(value[self.answered])

    def recall_at_k(self, k: int) -> float:
        """See `avgraph.metrics.recall_at_k`.

        Raises:
            GraphError: if ``k`` is out of range or no query has a relevant item.
        """
        if not 1 <= k <= self.size:
            raise GraphError(f"k: expected 1 … {self.size}, the size of the gallery, got {k}")
        return self._mean(self.first[self.answered] < k)

    def _mean(self, value: Tensor) -> float:
        if not len(value):
            raise GraphError("no query has an item of its class in the gallery")
        return float(value.sum()) / len(value)


def rank_by_cosine(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor) -> Ranking:
    """Rank the gallery by cosine similarity.

    Raises:
        GraphError: if shapes disagree or a value is not finite.

    Example:
        >>> x, label = torch.eye(3), torch.tensor([0, 1, 0])
        >>> ranking = rank_by_cosine(x[:1], x, label[:1], label)
        >>> ranking.mean_average_precision(), ranking.recall_at_k(1)
        (0.833..., 1.0)
    """
    _check(query, gallery, query_label, gallery_label)
    return _ranking(_ranked_hits(query, gallery, query_label, gallery_label), len(gallery))


def rank_by_score(score: Tensor, query_label: Tensor, gallery_label: Tensor) -> Ranking:
    """Rank the gallery by a table of scores, the highest first, that no embedding need give.

    Shapes:
        score [q, g], query_label [q], gallery_label [g]

    Raises:
        GraphError: if shapes disagree or a score is not finite.

    Example:
        >>> ranking = rank_by_score(torch.tensor([[0.9, 0.5, 0.1]]), torch.tensor([0]), torch.tensor([1, 0, 0]))
        >>> ranking.recall_at_k(1), ranking.recall_at_k(2)
        (0.0, 1.0)
    """
    check_tensors({"score": score})
    if score.dim() != 2 or not score.shape[1]:
        raise GraphError(f"score: expected [queries, gallery], got {list(score.shape)}")
    if not bool(score.isfinite().all()):
        raise GraphError(f"score: row {int((~score.isfinite().all(1)).nonzero()[0])} is not finite")
    check_classes("query_label", query_label, len(score))
    check_classes("gallery_label", gallery_label, score.shape[1])
    return _ranking(_scored_hits(score, query_label, gallery_label), score.shape[1])


def _ranking(hits: Iterable[Tensor], size: int) -> Ranking:
    """Of whether the item at each rank is relevant, some queries at a time [·, g]."""
    parts = []
    for hit in hits:
        count = hit.cumsum(1)
        precision = count / torch.arange(1, size + 1, device=hit.device, dtype=torch.float64)
        ends = (precision * hit).cumsum(1) / count.clamp_min(1)  # AP@1 … AP@g; 0 where nothing relevant has come
        first = torch.where(hit.any(1), hit.byte().argmax(1), size)
        parts.append((ends[:, -1], ends.mean(1), first))
    average, running, first = (torch.cat(part) for part in zip(*parts, strict=True))
    return Ranking(average, running, first, size)


def _scored_hits(score: Tensor, query_label: Tensor, gallery_label: Tensor) -> Iterator[Tensor]:
    size = max(1, _MEMORY // score.shape[1])
    for rows, label in zip(score.split(size), query_label.split(size), strict=True):
        yield _hits(label, gallery_label, rows)


def _ranked_hits(query: Tensor, gallery: Tensor, query_label: Tensor, gallery_label: Tensor) -> Iterator[Tensor]:
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
