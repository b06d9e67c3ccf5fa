"""Settings compared pair by pair: the same fold, seed and split of each; whether they differ, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from pathlib import Path
from statistics import fmean
from string import ascii_uppercase

from avgraph.errors import DataError, hint
from avgraph.runs.listing import main_metric
from avgraph.runs.paired import PairedDifference, holm, paired_difference
from avgraph.runs.settings import Pair, Setting, check_same_data, read_settings, told, without_seed

LEVEL = 0.05


@dataclass(frozen=True)
class Series:
    """Numbers of one setting.

    Attributes:
        letter: a short name: A, B, ….
        label: of the setting; with the metric where that is another than what is compared.
        metric: the name of the numbers.
        values: by what they are paired by.
        folders: of the runs, likewise.
    """

    letter: str
    label: str
    metric: str
    values: Mapping[Pair, float]
    folders: Mapping[Pair, Path]


@dataclass(frozen=True)
class Compared:
    """Two series, the first less the second.

    Attributes:
        one, other: the series.
        pairs: what both have, in order.
        units: how many different folds or splits these are, where they are several: what the tests count. Seeds of one
            fold are of the same rows and no further draws, so their mean stands for it. None where all are of one.
        unmatched: folders of runs that have no partner on the other side.
        found: the paired difference; None where there is no pair.
        t_holm, wilcoxon_holm: p values corrected for the number of comparisons.
    """

    one: Series
    other: Series
    pairs: tuple[Pair, ...]
    units: int | None
    unmatched: tuple[Path, ...]
    found: PairedDifference | None
    t_holm: float | None = None
    wilcoxon_holm: float | None = None


@dataclass(frozen=True)
class Comparison:
    """All comparisons asked for.

    Attributes:
        metric: what is compared.
        confidence: of the intervals.
        series: what was compared, in the order given.
        rows: the comparisons.
        notes: what to know before believing them, a sentence each.
        synthetic: whether some numbers are of made-up data.
    """

    metric: str
    confidence: float
    series: tuple[Series, ...]
    rows: tuple[Compared, ...]
    notes: tuple[str, ...]
    synthetic: bool


def compare_runs(
    runs: Sequence[str | Path],
    *,
    metric: str | None = None,
    baselines: Sequence[str] = (),
    against: str | Path | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Compare finished runs pair by pair, by the t-test and by Wilcoxon's, corrected after Holm.

    Where runs are of several folds or splits, a pair is one of these: the mean over its seeds.

    Args:
        runs: folders of runs; one of runs over folds or seeds counts as these, single ones of one configuration
            are put together.
        metric: what to compare; if not given, the first of the test split.
        baselines: further metrics of each setting, which it is compared with: ``"test/fused_accuracy"``.
        against: one of ``runs``, which all others are compared with; if not given, every two are.
        confidence: of the intervals.

    Raises:
        DataError: if one is no finished run, lacks a metric or is of other data, or there is nothing to compare.
    """
    settings = read_settings(runs)
    held = [run for setting in settings for run in setting.runs.values()]
    if not held:
        raise DataError("runs: expected at least one")
    check_same_data(settings)
    name = metric or main_metric(held)
    if name is None:
        raise DataError("metric: the runs have no metric of the test split in common; name one")
    letters = _letters()
    own = [_series(setting, name, next(letters)) for setting in settings]
    couples = list(_couples(own, _place(settings, against)))
    beside = [
        (one, _series(setting, other, next(letters), f"{setting.label}: {other}"))
        for other in baselines
        for one, setting in zip(own, settings, strict=True)
    ]
    rows = [_compared(one, other, confidence) for one, other in (*couples, *beside)]
    if not rows:
        raise DataError("runs: nothing to compare; name a second one, or another metric of the same run")
    t = holm([None if row.found is None else row.found.t_p for row in rows])
    wilcoxon = holm([None if row.found is None else row.found.wilcoxon_p for row in rows])
    rows = [replace(row, t_holm=t[k], wilcoxon_holm=wilcoxon[k]) for k, row in enumerate(rows)]
    synthetic = any(run.data.get("source") == "synthetic" for run in held)
    series = (*own, *(other for _, other in beside))
    return Comparison(name, confidence, series, tuple(rows), tuple(_notes(rows)), synthetic)


def _letters() -> Iterator[str]:
    """A, B, …, Z, A1, B1, …."""
    for number in count():
        yield ascii_uppercase[number % 26] + (str(number // 26) if number >= 26 else "")


def _series(setting: Setting, metric: str, letter: str, label: str | None = None) -> Series:
    for run in setting.runs.values():
        if metric not in run.metrics:
            raise DataError(f"{run.directory}: no metric {metric!r}; {hint(metric, run.metrics, 'it has')}")
    values = {pair: run.metrics[metric] for pair, run in setting.runs.items()}
    folders = {pair: run.directory for pair, run in setting.runs.items()}
    return Series(letter, label or setting.label, metric, values, folders)


def _couples(series: Sequence[Series], against: int | None) -> Iterator[tuple[Series, Series]]:
    """Every two, the first as given; or each other one with one of them."""
    if against is None:
        yield from combinations(series, 2)
    else:
        yield from ((one, series[against]) for place, one in enumerate(series) if place != against)


def _place(settings: Sequence[Setting], folder: str | Path | None) -> int | None:
    """The number of the setting that a folder is of."""
    if folder is None:
        return None
    for place, setting in enumerate(settings):
        if any(Path(folder) in (run.directory, run.directory.parent) for run in setting.runs.values()):
            return place
    raise DataError(f"against: {folder} is none of the runs that are compared")


def _compared(one: Series, other: Series, confidence: float) -> Compared:
    pairs = tuple(pair for pair in one.values if pair in other.values)
    lonely = [series.folders[pair] for series in (one, other) for pair in series.values if pair not in pairs]
    units: dict[Pair, list[Pair]] = {}
    for pair in pairs:
        units.setdefault(without_seed(pair), []).append(pair)
    several = len(units) > 1
    grouped = list(units.values()) if several else [[pair] for pair in pairs]
    numbers = [[fmean(series.values[pair] for pair in group) for group in grouped] for series in (one, other)]
    found = paired_difference(*numbers, confidence=confidence) if pairs else None
    return Compared(one, other, pairs, len(units) if several else None, tuple(lonely), found)


def _notes(rows: Sequence[Compared]) -> Iterator[str]:
    """What the numbers do not say by themselves."""
    for row in rows:
        names = f"{row.one.letter} − {row.other.letter}"
        if row.unmatched:
            yield f"{names}: without a partner, left out: {', '.join(map(str, row.unmatched))}"
        if row.found is None:
            yield f"{names}: no run of the one has the fold, seed and split of one of the other"
        elif row.units is not None and row.units < len(row.pairs):
            runs = f"{len(row.pairs)} runs of {row.units} folds or splits"
            yield f"{names}: {runs}; the tests are of their means over seeds"
        elif row.found.pairs < 2:
            yield f"{names}: one pair, {told(row.pairs[0])}; no p value without a second"
        elif row.units is None:
            where = told(without_seed(row.pairs[0])) or "the same rows"
            yield f"{names}: all seeds are of {where}; the tests say how training varies, nothing of other data"
        if row.found is not None and row.found.pairs > 1 and row.found.t_p is None:
            yield f"{names}: all pairs differ alike, so that there is no spread to test against"
    tested = [row.found for row in rows if row.found is not None and row.found.smallest_wilcoxon_p is not None]
    for pairs in sorted({found.wins + found.losses for found in tested if (found.smallest_wilcoxon_p or 0) > LEVEL}):
        yield f"Wilcoxon's p of {pairs} unequal pairs is 2 / 2^{pairs} = {2 / 2**pairs:.4g} at best, not below {LEVEL}"
    if tested:
        yield "folds and splits share training rows, so that p values are too small rather than too large"
