"""The results of commands as JSON, for other programs: one object on standard output, and nothing else there.

The keys are listed in docs/command_line.md. Every number is finite; what is not a number is null.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from avgraph.datasets.base import DatasetStatus
    from avgraph.runs.compare import Comparison
    from avgraph.runs.elsewhere import Elsewhere
    from avgraph.runs.finished import Run
    from avgraph.runs.folds import FoldRuns
    from avgraph.runs.listing import ListedRun
    from avgraph.runs.sweep.results import Sweep
    from avgraph.tools.embed import Embedded
    from avgraph.tools.found import Discovery
    from avgraph.tools.made_of import MadeOf
    from avgraph.tools.match import Matching
    from avgraph.tools.predict import Predicted
    from avgraph.tools.segment import Segmented

T = TypeVar("T")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")


def show(
    work: Callable[[], T], as_json: bool, as_dict: Callable[[T], Mapping[str, Any]], as_text: Callable[[T], None]
) -> None:
    """Do the work and print its result; with ``as_json`` all that the work itself prints goes to standard error."""
    if not as_json:
        as_text(work())
        return
    with redirect_stdout(sys.stderr):
        done = work()
    click.echo(json.dumps(plain(as_dict(done)), allow_nan=False))


def plain(value: Any) -> Any:
    """A value as JSON has it: paths as text, mappings and sequences as they are, NaN and the infinities as None.

    Example:
        >>> plain({"loss": float("nan"), 1: (Path("a"), 2)})
        {'loss': None, '1': ['a', 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def run_json(run: Run) -> dict[str, Any]:
    """Of `avgraph train` and `avgraph resume`."""
    return metrics_json(run.directory, run.metrics)


def metrics_json(directory: Path, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Of `avgraph evaluate`: the numbers under ``metrics``, the rest of ``metrics.json`` beside them.

    Example:
        >>> metrics_json(Path("runs/a"), {"experiment": "a", "seed": 0, "test/accuracy": 0.5})
        {'run': PosixPath('runs/a'), 'experiment': 'a', 'seed': 0, 'metrics': {'test/accuracy': 0.5}}
    """
    numbers = {name: value for name, value in metrics.items() if "/" in name}
    rest = {name: value for name, value in metrics.items() if "/" not in name}
    return {"run": directory, **rest, "metrics": numbers}


def elsewhere_json(directory: Path, done: Elsewhere) -> dict[str, Any]:
    """Of `avgraph evaluate --set`."""
    return {**metrics_json(directory, done.metrics), "files": [done.file]}


def folds_json(folds: FoldRuns) -> dict[str, Any]:
    """Of `avgraph train --folds`, `--seeds` and of `avgraph resume` on such runs."""
    from avgraph.runs.repeats import key_text  # in use already, where there are such runs

    runs = {key_text(key): run_json(run) for key, run in folds.runs.items()}
    return {"runs": folds.directory, "over": folds.over, "folds": runs, "summary": folds.summary}


def runs_json(found: Sequence[ListedRun]) -> dict[str, Any]:
    """Of `avgraph runs`."""
    return {"runs": [_listed(run) for run in found]}


def _listed(run: ListedRun) -> dict[str, Any]:
    return {
        "run": run.directory,
        "state": run.state,
        "problem": run.problem or None,
        "experiment": run.declared,
        "data": run.data,
        "metrics": run.metrics,
        "sd": run.sd,
        "checks": run.checks,
        "parts": [part.directory for part in run.parts],
    }


def comparison_json(found: Comparison) -> dict[str, Any]:
    """Of `avgraph compare`."""
    rows = [
        {
            "one": row.one.label,
            "other": row.other.label,
            "pairs": [dict(pair) for pair in row.pairs],
            "values": [[series.values[pair] for series in (row.one, row.other)] for pair in row.pairs],
            "unmatched": row.unmatched,
            "found": None if row.found is None else asdict(row.found),
            "t_holm": row.t_holm,
            "wilcoxon_holm": row.wilcoxon_holm,
        }
        for row in found.rows
    ]
    return {
        "metric": found.metric,
        "confidence": found.confidence,
        "synthetic": found.synthetic,
        "comparisons": rows,
        "notes": found.notes,
    }


def sweep_json(found: Sweep) -> dict[str, Any]:
    """Of `avgraph sweep` and of `avgraph resume` of one: what ``sweep.json`` holds, after its folder."""
    from avgraph.runs.sweep.results import as_dict  # in use already, where there is a sweep

    return {"sweep": found.directory, **as_dict(found)}


def discovery_json(found: Discovery) -> dict[str, Any]:
    """Of `avgraph discover`."""
    return {
        "rows": found.n_rows,
        "columns": found.dag.names,
        "left_out": found.left_out,
        "score": found.dag.score,
        "converged": found.dag.converged,
        "starts": found.dag.n_starts,
        "counted": found.counted,
        "graphs": found.stability.count,
        "edges": [edge._asdict() for edge in found.edges()],
        "consensus": None if found.consensus is None else [edge._asdict() for edge in found.agreed()],
        "cautions": found.cautions(),
        **_made_of(found.made_of),
        "files": found.files,
    }


def matching_json(found: Matching) -> dict[str, Any]:
    """Of `avgraph match`."""
    rows = {node: found.graph[node].num_nodes for node in ("source", "target")}
    pairs = [dict(zip(("source", "target", "mass"), pair, strict=True)) for pair in found.pairs()]
    return {"rows": rows, "moved": found.moved, "pairs": pairs, **_made_of(found.made_of), "files": [found.file]}


def embedded_json(done: Embedded) -> dict[str, Any]:
    """Of `avgraph embed`."""
    return {"rows": done.rows, "channels": done.channels, "files": [done.file]}


def predicted_json(done: Predicted) -> dict[str, Any]:
    """Of `avgraph predict`."""
    return {"rows": done.predictions.rows(), "files": done.files}


def segmented_json(done: Segmented) -> dict[str, Any]:
    """Of `avgraph segment`."""
    return asdict(done)


def status_json(status: DatasetStatus) -> dict[str, Any]:
    """Of `avgraph data show`."""
    return asdict(status)


def catalog_json(found: Sequence[DatasetStatus]) -> dict[str, Any]:
    """Of `avgraph data list`."""
    return {"datasets": [status_json(status) for status in found]}


def _made_of(made_of: MadeOf) -> dict[str, Any]:
    return {"settings": made_of.settings, "inputs": made_of.inputs, "avgraph": made_of.version}
