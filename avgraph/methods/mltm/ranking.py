"""Retrieval between sounds and texts by three scores, each under its name.

``cosine`` and ``cost`` (the learned ground metric) look at one pair at a time: inductive. ``plan`` couples all queries
with the whole gallery and so sees every query at once: transductive, a correction of hubs that the published code uses.
"""

from __future__ import annotations

import logging
from typing import Any

from torch import Tensor

from avgraph.methods.headline import Headline
from avgraph.metrics import average_precision, modality_gap
from avgraph.metrics.ranking import rank_by_score
from avgraph.nn import mahalanobis_cost, sinkhorn

logger = logging.getLogger(__name__)

_KS = (1, 5, 10)


def score_tables(x: Tensor, y: Tensor, metric: Tensor, epsilon: float, max_iter: int = 2000) -> dict[str, Tensor]:
    """How well row i of ``x`` fits row j of ``y``, higher is better; warns where the coupling has not converged.

    Shapes:
        x [n, d], y [m, d] unit rows → [n, m] each
    """
    cost = mahalanobis_cost(x, y, metric, normalize="max")
    coupling = sinkhorn(cost, epsilon, max_iter=max_iter, grad="detach")
    if not bool(coupling.converged):
        logger.warning(
            "mltm: the coupling of %d x %d did not converge (error %.1e): ranks by plan are approximate",
            *cost.shape,
            float(coupling.error),
        )
    return {"cosine": x @ y.T, "cost": -cost, "plan": coupling.log_plan}


def retrieval_metrics(
    x: Tensor, y: Tensor, x_label: Tensor, y_label: Tensor, metric: Tensor, epsilon: float
) -> dict[str, float]:
    """Recall and MAP in both directions by each score, and the modality gap.

    Shapes:
        x [n, d], y [m, d] unit rows, x_label [n], y_label [m]
    """
    result = {"modality_gap": modality_gap(x, y)}
    for name, table in score_tables(x, y, metric, epsilon).items():
        ways = (("audio_to_text", table, x_label, y_label), ("text_to_audio", table.T, y_label, x_label))
        for way, score, query, gallery in ways:
            ranking = rank_by_score(score, query, gallery)
            for k in _KS:
                if k <= ranking.size:
                    result[f"{name}/{way}_recall_at_{k}"] = ranking.recall_at_k(k)
            result[f"{name}/{way}_map"] = ranking.mean_average_precision()
    return result


def retrieval_headline(sounds: Any, texts: Any, rows: Tensor, columns: Tensor, split: str, chance: float) -> Headline:
    """MAP of texts found by sounds, by the cosine, beside chance.

    Args:
        sounds, texts: nodes with ``embedding`` and ``y``.
        rows, columns: those of the split.
        split: its name.
        chance: MAP of random rankings.
    """
    found = average_precision(sounds.embedding[rows], texts.embedding[columns], sounds.y[rows], texts.y[columns])
    name = f"{split}/cosine/audio_to_text_map"
    return Headline(name, rows=found[~found.isnan()], baselines={"chance": chance}, unit="sounds")
