"""Retrieval metrics against scikit-learn and a loop; chance against a simulation."""

from __future__ import annotations

from itertools import permutations
from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.metrics import (
    chance_average_precision,
    mean_average_precision,
    recall_at_k,
    scored_average_precision,
    scored_recall_at_k,
)

VARIANTS: tuple[Literal["standard"], Literal["running"]] = ("standard", "running")


def case(q: int = 12, g: int = 30, classes: int = 4) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(3)
    query, gallery = torch.randn(q, 5, generator=draw), torch.randn(g, 5, generator=draw)
    labels = (torch.randint(classes, (n,), generator=draw) for n in (q, g))
    return query, gallery, *labels  # type: ignore[return-value]


def ranking(query: Tensor, gallery: Tensor, k: int) -> list[int]:
    similarity = [float(query[k] @ item / query[k].norm() / item.norm()) for item in gallery]
    return sorted(range(len(gallery)), key=lambda item: -similarity[item])


def test_standard_is_that_of_scikit_learn() -> None:
    query, gallery, query_label, gallery_label = case()
    unit = [x / x.norm(dim=1, keepdim=True) for x in (query, gallery)]
    score = (unit[0] @ unit[1].T).numpy()
    expected = np.mean(
        [average_precision_score((gallery_label == query_label[k]).numpy(), score[k]) for k in range(len(query))]
    )
    assert mean_average_precision(query, gallery, query_label, gallery_label) == pytest.approx(expected)


def test_items_of_several_classes_are_relevant_where_they_share_one() -> None:
    query, gallery, *_ = case()
    draw = torch.Generator().manual_seed(5)
    held = [torch.rand(n, 6, generator=draw) < 0.25 for n in (len(query), len(gallery))]
    expected, found = [], []
    for k in range(len(query)):
        hits = [bool((held[0][k] & held[1][item]).any()) for item in ranking(query, gallery, k)]
        ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
        if ranks:
            expected.append(np.mean([count / rank for count, rank in enumerate(ranks, start=1)]))
            found.append(any(hits[:2]))
    assert mean_average_precision(query, gallery, *held) == pytest.approx(np.mean(expected))
    assert recall_at_k(query, gallery, *held, k=2) == pytest.approx(np.mean(found))
    one = [torch.nn.functional.one_hot(label).bool() for label in case()[2:]]
    assert mean_average_precision(query, gallery, *one) == mean_average_precision(*case())
    for wrong in ((held[0], held[1][:, :5]), (held[0], case()[3]), (held[0][:3], held[1])):
        with pytest.raises(GraphError, match="query_label, gallery_label: expected labels of one kind"):
            mean_average_precision(query, gallery, *wrong)


def test_running_and_recall_equal_a_loop() -> None:
    query, gallery, query_label, gallery_label = case()
    running, found = [], []
    for k in range(len(query)):
        hits = [bool(gallery_label[item] == query_label[k]) for item in ranking(query, gallery, k)]
        total, count, so_far = 0.0, 0, []
        for rank, hit in enumerate(hits, start=1):
            if hit:
                count += 1
                total += count / rank
            so_far.append(total / count if count else 0.0)
        running.append(np.mean(so_far))
        found.append(any(hits[:3]))
    assert mean_average_precision(*case(), variant="running") == pytest.approx(np.mean(running))
    assert recall_at_k(*case(), k=3) == pytest.approx(np.mean(found))


def test_chunks_of_queries_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mean_average_precision(*case())
    monkeypatch.setattr("avgraph.metrics.ranking._MEMORY", 50)
    assert mean_average_precision(*case()) == pytest.approx(whole)


def test_perfect_and_random_rankings() -> None:
    _, _, query_label, gallery_label = case(q=200, g=400)
    perfect = torch.eye(4)[query_label], torch.eye(4)[gallery_label]
    assert mean_average_precision(*perfect, query_label, gallery_label) == 1.0
    chance = mean_average_precision(torch.randn(200, 8), torch.randn(400, 8), query_label, gallery_label)
    assert chance == pytest.approx(0.25, abs=0.03)


def test_running_is_higher_than_the_textbook_value_at_chance() -> None:
    """What the published code computes: at 391 clips of 15 classes a fifth too much on random embeddings."""
    label = torch.arange(391) % 15
    query, gallery = torch.randn(391, 15), torch.randn(391, 15)
    standard = mean_average_precision(query, gallery, label, label)
    running = mean_average_precision(query, gallery, label, label, variant="running")
    assert running / standard == pytest.approx(1.23, abs=0.06)
    good = torch.eye(15)[label] + 0.1 * torch.randn(391, 15)
    near = [mean_average_precision(good, good, label, label, variant=kind) for kind in VARIANTS]
    assert near[0] > 0.9
    assert near[1] == pytest.approx(near[0], abs=0.01)


def test_ties_are_ranked_by_index() -> None:
    gallery = torch.ones(3, 2)
    value = mean_average_precision(gallery[:1], gallery, torch.tensor([0]), torch.tensor([1, 1, 0]))
    assert value == pytest.approx(1 / 3)


def test_a_class_that_the_gallery_lacks_is_left_out() -> None:
    query, gallery = torch.randn(2, 3), torch.randn(4, 3)
    alone = mean_average_precision(query[:1], gallery, torch.tensor([0]), torch.tensor([0, 1, 1, 0]))
    both = mean_average_precision(query, gallery, torch.tensor([0, 9]), torch.tensor([0, 1, 1, 0]))
    assert both == alone
    with pytest.raises(GraphError, match="no query has an item of its class"):
        mean_average_precision(query, gallery, torch.tensor([8, 9]), torch.tensor([0, 1, 1, 0]))


def test_bad_input_is_named() -> None:
    query, gallery, query_label, gallery_label = case()
    with pytest.raises(GraphError, match=r"expected \[q, d\] and \[g, d\], got \[12, 5\] and \[30, 4\]"):
        mean_average_precision(query, gallery[:, :4], query_label, gallery_label)
    with pytest.raises(
        GraphError, match=r"gallery_label: expected classes \[30\] as whole numbers, got torch.int64 \[29\]"
    ):
        mean_average_precision(query, gallery, query_label, gallery_label[:29])
    with pytest.raises((GraphError, TypeError), match="'running'"):  # beartype looks first, under pytest alone
        mean_average_precision(query, gallery, query_label, gallery_label, variant="best")  # type: ignore[arg-type]
    with pytest.raises(GraphError, match="k: expected 1 … 30, the size of the gallery, got 31"):
        recall_at_k(query, gallery, query_label, gallery_label, k=31)
    query[3, 1] = torch.nan
    with pytest.raises(GraphError, match="query: row 3 is not finite"):
        recall_at_k(query, gallery, query_label, gallery_label, k=1)


@pytest.mark.parametrize("width", [5, 64, 512])
@pytest.mark.parametrize("count", [7, 33])
def test_equal_rows_are_tied(width: int, count: int) -> None:
    gallery = torch.randn(1, width).expand(count, width)  # a matrix product may round their similarities differently
    label = torch.ones(count, dtype=torch.int64)
    label[0] = 0
    query, query_label = torch.randn(50, width), torch.zeros(50, dtype=torch.int64)
    assert mean_average_precision(query, gallery, query_label, label) == 1
    assert recall_at_k(query, gallery, query_label, label, 1) == 1


def test_chance_is_what_random_rankings_have_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    query, gallery = torch.tensor([0, 0, 1, 2, 5]), torch.tensor([0, 1, 1, 2, 2, 2, 0, 0, 3])
    found = []
    for _ in range(3000):
        x, y = (torch.randn(len(part), 4, generator=generator) for part in (query, gallery))
        found.append(mean_average_precision(x, y, query, gallery))
    assert chance_average_precision(query, gallery) == pytest.approx(sum(found) / len(found), abs=0.01)


def test_chance_is_the_mean_over_all_rankings() -> None:
    query, gallery = torch.tensor([7, -2, 3, 7]), torch.tensor([7, 3, 9, 7, 3, 7])
    expected = []
    for label in (7, 3, 7):  # the gallery has no -2
        for order in permutations((gallery == label).tolist()):
            ranks = [rank for rank, hit in enumerate(order, start=1) if hit]
            expected.append(np.mean([count / rank for count, rank in enumerate(ranks, start=1)]))
    assert chance_average_precision(query, gallery) == pytest.approx(np.mean(expected), abs=1e-12)


def test_chance_of_pairs_each_a_class_of_its_own() -> None:
    label = torch.arange(5000)
    harmonic = float((1 / np.arange(1, 5001)).sum())
    assert chance_average_precision(label, label.flip(0)) == pytest.approx(harmonic / 5000, rel=1e-12)


def test_chance_where_everything_or_nothing_is_relevant() -> None:
    zeros = torch.zeros(3, dtype=torch.int64)
    assert chance_average_precision(zeros, zeros) == pytest.approx(1)
    assert chance_average_precision(zeros[:1], zeros[:1]) == pytest.approx(1)
    assert chance_average_precision(zeros, zeros + 1) is None
    assert chance_average_precision(zeros[:0], zeros[:0]) is None


def test_by_a_table_of_scores_it_is_the_same() -> None:
    query, gallery, query_label, gallery_label = case()
    score = (query / query.norm(dim=1, keepdim=True)) @ (gallery / gallery.norm(dim=1, keepdim=True)).T
    expected = mean_average_precision(query, gallery, query_label, gallery_label)
    assert scored_average_precision(score, query_label, gallery_label) == pytest.approx(expected)
    for k in (1, 3):
        found = scored_recall_at_k(score, query_label, gallery_label, k)
        assert found == recall_at_k(query, gallery, query_label, gallery_label, k=k)
    with pytest.raises(GraphError, match="k: expected 1 … "):
        scored_recall_at_k(score, query_label, gallery_label, 0)
    with pytest.raises(GraphError, match=r"score: expected \[queries, gallery\], got \[30\]"):
        scored_average_precision(score[0], query_label, gallery_label)
    score[3, 1] = float("nan")
    with pytest.raises(GraphError, match="score: row 3 is not finite"):
        scored_average_precision(score, query_label, gallery_label)
    with pytest.raises(GraphError, match="gallery_label"):
        scored_average_precision(query, query_label, gallery_label)
    with pytest.raises(GraphError, match="no query has an item of its class"):
        scored_average_precision(query, query_label, torch.full((5,), 9))
