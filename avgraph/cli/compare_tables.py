"""Runs side by side on the terminal."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from avgraph.cli.printing import print_source
from avgraph.runs.compare import Compared, Comparison
from avgraph.runs.listing import FINISHED, ListedRun, main_metric
from avgraph.runs.metric_names import lower_is_better
from avgraph.runs.settings import short
from avgraph.runs.sweep.results import Sweep


def print_runs(runs: Sequence[ListedRun], folder: Path, names: Sequence[str] = ()) -> None:
    """A row per run: what it is, how far it is, and its numbers; ``names`` take the place of its first test metric."""
    console = _wide()
    if not runs:
        console.print("no runs")
        return
    shared = main_metric([run for run in runs if run.metrics])
    heads = ("run", "state", "runs", "method", "data", "seed", *(names or [shared or "metric"]))
    table = Table(*(Column(Text(name), no_wrap=True) for name in heads), box=None, pad_edge=False)
    for run in runs:
        cells = [_cell(run, name) for name in names] or [_cell(run, shared) if shared else _first(run)]
        table.add_row(*map(Text, [_place(run, folder), run.state, _count(run), *_what(run), _seeds(run), *cells]))
    console.print(table)
    for run in runs:
        for told in ([f"unreadable: {run.problem}"] if run.problem else []) + [f"check {told}" for told in run.checks]:
            console.print(f"{_place(run, folder)}: {told}", markup=False)


def print_comparison(found: Comparison) -> None:
    """Mean ± sd of every series, then the paired differences."""
    console = _wide()
    if found.synthetic:
        console.print("data: SYNTHETIC stand-in, generated; these numbers say nothing about real recordings")
    direction = "less is better" if lower_is_better(found.metric) else "more is better"
    means = Table("", "", "runs", "mean ± sd", title=Text(f"{found.metric}, {direction}"), title_justify="left")
    for series in found.series:
        values = list(series.values.values())
        means.add_row(series.letter, Text(series.label), str(len(values)), _mean(values))
    console.print(means)
    count = sum(row.t_holm is not None for row in found.rows)
    interval = f"{100 * found.confidence:g} % interval"
    whole = (Column(head, no_wrap=True) for head in ("", "pairs", "difference"))  # the others may take two lines
    table = Table(
        *whole, interval, *(Column(head, no_wrap=True) for head in ("effect", "wins")), "p of t", "p of Wilcoxon"
    )
    for row in found.rows:
        table.add_row(*_difference(row))
    console.print(table)
    console.print("effect: mean difference in its own standard deviations (Cohen's d_z)")
    console.print("wins: pairs of which the first is larger / equal / smaller")
    console.print(f"p: two-sided; in brackets corrected for {count} comparison{'s' * (count != 1)} (Holm)")
    for note in found.notes:
        console.print(f"note: {note}", markup=False)


def print_sweep(found: Sweep) -> None:
    """Mean ± sd of every setting on validation, the chosen one marked; of that one alone what it reaches on test."""
    console = _wide()
    print_source(console, found.data)
    options = list(dict.fromkeys(name for trial in found.trials for name in trial.setting))
    goal = "the largest" if found.larger else "the smallest"
    heads = map(Text, ("", "trial", *options, f"{found.metric}, mean ± sd", "runs"))
    table = Table(*(Column(head) for head in heads))
    for trial in found.trials:
        mark = "→" if trial is found.chosen else ""
        cells = [Text(short(trial.setting.get(name))) for name in options]
        runs = f"{len(trial.values)}{', given up' if trial.given_up else ''}"
        table.add_row(mark, trial.directory.name, *cells, _mean(list(trial.values.values())), runs)
    console.print(table)
    if found.chosen is None:
        console.print("none is chosen: no mean is a number")
    else:
        console.print(f"chosen: {found.chosen.directory.name}, {goal} {found.metric}", markup=False)
        for name in (name for name in found.summary if name.startswith("test/")):
            row = found.summary[name]
            sd = "" if row["sd"] is None else f" ± {row['sd']:.4f}"
            console.print(f"  {name} {row['mean']:.4f}{sd}", markup=False)
    console.print(f"sweep: {found.directory}", markup=False)


def _wide() -> Console:
    """As wide as the terminal; where there is none, as the text is: a program that reads it wants whole lines."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 1000)


def _difference(row: Compared) -> list[str]:
    title = f"{row.one.letter} − {row.other.letter}"
    found = row.found
    if found is None:
        return [title, "0", "", "", "", "", "", ""]
    interval = "" if found.interval is None else " … ".join(map(_signed, found.interval))
    return [
        title,
        str(found.pairs),
        _signed(found.difference),
        interval,
        "" if found.effect is None else _signed(found.effect, 2),
        f"{found.wins}/{found.ties}/{found.losses}",
        _p(found.t_p, row.t_holm),
        _p(found.wilcoxon_p, row.wilcoxon_holm),
    ]


def _signed(value: float, digits: int = 4) -> str:
    """With its sign, and a plus where it rounds to nothing.

    Example:
        >>> _signed(-0.00001), _signed(-0.25, 2)
        ('+0.0000', '-0.25')
    """
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def _p(value: float | None, corrected: float | None) -> str:
    return "" if value is None else f"{value:.4f} ({corrected:.4f})"


def _mean(values: Sequence[float]) -> str:
    return f"{statistics.fmean(values):.4f}" + (f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else "")


def _place(run: ListedRun, folder: Path) -> str:
    return os.path.relpath(run.directory, folder)


def _count(run: ListedRun) -> str:
    """How many runs over folds or seeds it has finished."""
    done = sum(part.state == FINISHED for part in run.parts)
    return f"{done} of {run.planned}" if run.parts else ""


def _what(run: ListedRun) -> list[str]:
    dataset = str(run.values.get("dataset.type", ""))
    if run.data.get("source") == "synthetic":
        dataset = "SYNTHETIC" if dataset == "synthetic" else f"{dataset}: SYNTHETIC"
    return [str(run.values.get("method.type", "")), dataset]


def _seeds(run: ListedRun) -> str:
    seeds = {str(part.declared.get("seed")) for part in run.parts} or {str(run.declared.get("seed", ""))}
    return ", ".join(sorted(seeds))


def _first(run: ListedRun) -> str:
    name = main_metric([run])
    return "" if name is None else f"{name} {_cell(run, name)}"


def _cell(run: ListedRun, name: str) -> str:
    value: Any = run.values.get(name)
    if not isinstance(value, float) or name not in run.metrics:
        return "" if value is None else short(value)
    sd = run.sd.get(name)
    return f"{value:.4f}" + ("" if sd is None else f" ± {sd:.4f}")
