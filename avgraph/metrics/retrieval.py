"""Retrieval across two sets of embeddings, ranked by cosine similarity (ties by index in the gallery).

A label is a class or, where items hold several, a row of flags: an item is relevant if it shares one with the query.

Shapes:
    query [q, d], gallery [g, d], query_label [q] or [q, c] flags, gallery_label [g] or [g, c] flags.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.metrics.ranking import rank_by_cosine, rank_by_score


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
    return rank_by_cosine(query, gallery, query_label, gallery_label).mean_average_precision(variant)


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
    return rank_by_score(score, query_label, gallery_label).mean_average_precision()


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
    return rank_by_score(score, query_label, gallery_label).recall_at_k(k)


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
    ranking = rank_by_cosine(query, gallery, query_label, gallery_label)
    return ranking.average_precision.where(ranking.answered, torch.nan)


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
    return rank_by_cosine(query, gallery, query_label, gallery_label).recall_at_k(k)


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
