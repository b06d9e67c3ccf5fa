"""Fidelity of the explanations of many predictions, against edges and features drawn at random."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from avgraph.methods.explanation import ExplainOptions, Explanation, Faithfulness
from avgraph.runs.paired import PairedDifference, paired_difference


@dataclass(frozen=True)
class FidelityRow:
    """What was chosen of one kind, over all predictions that have some of it.

    Attributes:
        of: what was chosen from.
        predictions: how many.
        chosen, among: how many edges or features, the mean.
        plus, random_plus: mean probability that is lost without them.
        more: of each prediction what is lost more than without random ones.
        minus, random_minus: mean probability that is lost with them alone.
        less: of each prediction what is lost less than with random ones alone.
        changed, random_changed: share of predictions that are others without them.
        changed_alone, random_changed_alone: share that are others with them alone.
        undecided: predictions of which all there are were chosen, so that random ones are the same.
    """

    of: str
    predictions: int
    chosen: float
    among: float
    plus: float
    random_plus: float
    more: PairedDifference
    minus: float
    random_minus: float
    less: PairedDifference
    changed: float
    random_changed: float
    changed_alone: float
    random_changed_alone: float
    undecided: int


@dataclass(frozen=True)
class AblationRow:
    """What predictions lose without all of some kind.

    Attributes:
        without: what is taken away.
        predictions: how many have it.
        lost: mean probability of the prediction that is lost; below 0 where some is gained.
        moved: mean size of the change, whatever its sign.
        changed: share of predictions that are others.
    """

    without: str
    predictions: int
    lost: float
    moved: float
    changed: float


@dataclass(frozen=True)
class FidelityStudy:
    """Explanations of predictions drawn from a split.

    Attributes:
        split: which.
        options: how each was explained.
        explanations: of each.
        rows: by what was chosen.
        ablations: by what was taken away.
    """

    split: str
    options: ExplainOptions
    explanations: Sequence[Explanation]
    rows: Sequence[FidelityRow]
    ablations: Sequence[AblationRow]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it; of the predictions their ends, probabilities and numbers."""
        return {
            "split": self.split,
            "predictions": len(self.explanations),
            "settings": asdict(self.options),
            "fidelity": [asdict(row) for row in self.rows],
            "ablations": [asdict(row) for row in self.ablations],
            "explained": [
                {
                    "source": found.source_name,
                    "target": found.target_name,
                    "truth": found.truth,
                    "probability": found.probability,
                    "faithfulness": [asdict(part) for part in found.faithfulness],
                }
                for found in self.explanations
            ],
        }


def fidelity_study(split: str, options: ExplainOptions, found: Sequence[Explanation]) -> FidelityStudy:
    """Means over explanations, and paired differences from random ones.

    Args:
        split: of the predictions.
        options: how each was explained.
        found: the explanations.
    """
    parts: dict[str, list[Faithfulness]] = {}
    lost: dict[str, list[tuple[float, bool]]] = {}
    for explanation in found:
        for part in explanation.faithfulness:
            parts.setdefault(part.of, []).append(part)
        for ablation in explanation.ablations:
            drop = explanation.probability - ablation.probability
            lost.setdefault(_kind(explanation, ablation.without), []).append((drop, ablation.changed))
    return FidelityStudy(
        split,
        options,
        found,
        [_row(of, rows) for of, rows in parts.items()],
        [_ablation(without, values) for without, values in lost.items()],
    )


def _kind(explanation: Explanation, without: str) -> str:
    """What was taken away, whichever nodes were asked about."""
    source, _, target = explanation.relation
    ends = {f"features of {explanation.source_name}": source, f"features of {explanation.target_name}": target}
    return f"features of the {ends[without]} asked about" if without in ends else without


def _row(of: str, rows: Sequence[Faithfulness]) -> FidelityRow:
    def mean(name: str) -> float:
        return statistics.fmean(getattr(row, name) for row in rows)

    plus, random_plus = [row.plus for row in rows], [row.random_plus for row in rows]
    minus, random_minus = [row.minus for row in rows], [row.random_minus for row in rows]
    same = ("chosen", "among", "plus", "random_plus", "minus", "random_minus", "changed", "random_changed")
    return FidelityRow(
        of=of,
        predictions=len(rows),
        more=paired_difference(plus, random_plus),
        less=paired_difference(random_minus, minus),
        undecided=sum(row.chosen == row.among for row in rows),
        **{name: mean(name) for name in (*same, "changed_alone", "random_changed_alone")},
    )


def _ablation(without: str, values: Sequence[tuple[float, bool]]) -> AblationRow:
    drops = [drop for drop, _ in values]
    return AblationRow(
        without,
        len(values),
        statistics.fmean(drops),
        statistics.fmean(map(abs, drops)),
        statistics.fmean(changed for _, changed in values),
    )
