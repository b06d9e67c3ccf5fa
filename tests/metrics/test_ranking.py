"""One ranking, from which several numbers are read, against a loop over the lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.methods.lir.results import clip_metrics
from avgraph.metrics import average_precision, mean_average_precision, recall_at_k, scored_recall_at_k
from avgraph.metrics import ranking as rankings
from avgraph.metrics.ranking import rank_by_cosine, rank_by_score

QUERY_LABEL, GALLERY_LABEL = torch.tensor([0, 1, 2, 9, 0]), torch.arange(30) % 4


def naive(score: Tensor) -> list[tuple[float, float, int]]:
    """AP, running AP and the place of the first relevant item; tied items by index."""
    found = []
    for row, label in zip(score.tolist(), QUERY_LABEL.tolist(), strict=True):
        order = sorted(range(len(row)), key=lambda item, row=row: (-row[item], item))  # type: ignore[misc]
        ends, precision = [], []
        for rank, item in enumerate(order, start=1):
            if int(GALLERY_LABEL[item]) == label:
                precision.append((len(precision) + 1) / rank)
            ends.append(float(np.mean(precision)) if precision else 0.0)
        found.append((ends[-1], float(np.mean(ends)), next((k for k, end in enumerate(ends) if end), len(row))))
    return found


@pytest.mark.parametrize("memory", [1 << 24, 60])
def test_a_ranking_is_a_loop_over_its_lists(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rankings, "_MEMORY", memory)  # 60: two queries at a time
    score = torch.randint(6, (5, 30)).double()  # many ties
    ranking = rank_by_score(score, QUERY_LABEL, GALLERY_LABEL)
    whole, running, first = zip(*naive(score), strict=True)
    assert ranking.average_precision.tolist() == pytest.approx(whole)
    assert ranking.running_average_precision.tolist() == pytest.approx(running)
    assert ranking.first.tolist() == list(first)
    assert ranking.answered.tolist() == [True, True, True, False, True]
    answered = [0, 1, 2, 4]
    assert ranking.mean_average_precision() == pytest.approx(np.mean([whole[row] for row in answered]))
    assert ranking.mean_average_precision("running") == pytest.approx(np.mean([running[row] for row in answered]))
    for k in (1, 2, 30):
        assert ranking.recall_at_k(k) == np.mean([first[row] < k for row in answered])
        assert ranking.recall_at_k(k) == scored_recall_at_k(score, QUERY_LABEL, GALLERY_LABEL, k)


def test_without_queries_nothing_is_ranked() -> None:
    none = rank_by_cosine(torch.empty(0, 4), torch.randn(3, 4), QUERY_LABEL[:0], GALLERY_LABEL[:3])
    assert none.average_precision.shape == (0,)
    assert average_precision(torch.empty(0, 4), torch.randn(3, 4), QUERY_LABEL[:0], GALLERY_LABEL[:3]).shape == (0,)
    with pytest.raises(GraphError, match="no query has an item of its class"):
        none.recall_at_k(1)


def test_numbers_of_clips_are_read_from_one_ranking_a_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    audio, visual, y = torch.randn(20, 4), torch.randn(20, 4), torch.arange(20) % 4
    expected = {}
    for name, *pair in (("audio_to_visual", audio, visual), ("visual_to_audio", visual, audio)):
        expected[f"map_{name}"] = mean_average_precision(*pair, y, y)
        expected[f"running_map_{name}"] = mean_average_precision(*pair, y, y, variant="running")
        expected[f"recall_at_1_{name}"] = recall_at_k(*pair, y, y, k=1)
    sorts, hits = [], rankings._hits

    def counted(*given: Any) -> Tensor:
        sorts.append(given)
        return hits(*given)

    monkeypatch.setattr(rankings, "_hits", counted)
    found = clip_metrics(audio, visual, y)
    assert {name: found[name] for name in expected} == expected
    assert len(sorts) == 2
