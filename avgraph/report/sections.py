"""What stands in each part of a report, as plain data for its template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from avgraph.errors import shortened
from avgraph.graph.provenance import Provenance
from avgraph.report.cases import Case, Row, cases_of
from avgraph.report.explained import explanations
from avgraph.report.explorer import drawn, strongest
from avgraph.report.media import Media
from avgraph.report.network import explored
from avgraph.report.picture_address import picture_address
from avgraph.report.subject import Subject, configuration
from avgraph.report.words import graph_words, metric_words, standing, verdict_words
from avgraph.runs.checks import CHECKS
from avgraph.runs.outcome import Outcome

_LONGEST_CELL = 400


def section(subject: Subject, *, figures: int, media: int) -> dict[str, Any]:
    """Everything of one run or graph.

    Args:
        subject: what to show.
        figures: bytes that there are for pictures of the method.
        media: bytes that there are for pictures and sounds of cases.
    """
    verdict = subject.metrics.get("verdict")
    network, shown = explored(subject.graph), _fitting(subject.figures, figures)
    data = subject.metrics.get("data", {})
    inputs = subject.environment.get("inputs") or subject.environment.get("data", {}).get("files") or {}
    return {
        "label": subject.label,
        "path": str(subject.path),
        "name": subject.metrics.get("experiment", subject.label),
        "method": "" if subject.experiment is None else subject.experiment.method.type,
        "seed": subject.metrics.get("seed"),
        "data": {key: data[key] for key in ("dataset", "source", "note") if data.get(key)},
        "synthetic": data.get("source") == "synthetic",
        "sentence": verdict_words(verdict) if subject.metrics else graph_words(subject.graph),
        "marks": [] if verdict is None else marks(verdict),
        "checks": checks(subject) if subject.metrics else [],
        "metrics": metric_table(subject.metrics),
        "figures": shown,
        "left_out": [path.name for path in subject.figures[len(shown) :]],
        "network": None if network is None else drawn(network),
        "cases": _cases(subject, media),
        "explanations": explanations(subject.path, figures),
        "edges": strongest(network) if network is not None and not subject.metrics else [],
        "configuration": [] if subject.experiment is None else configuration(subject.experiment),
        "environment": environment(subject.environment),
        "inputs": [(shortened(str(name), _LONGEST_CELL), str(checksum)) for name, checksum in inputs.items()],
    }


def marks(verdict: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The result and what it stands beside, each with its place on one axis from 0 to 100.

    Example:
        >>> of = {"metric": "test/map", "better": "higher", "value": 0.5, "interval": None, "baselines": [],
        ...       "ceiling": [{"name": "all", "value": 1.0}]}
        >>> [(mark["name"], mark["at"]) for mark in marks(of)]
        [('this run', 4.0), ('all', 96.0)]
    """
    if not math.isfinite(verdict["value"]):
        return []
    low, high = verdict["interval"] or (verdict["value"], verdict["value"])
    beside = [*verdict["baselines"], *verdict["ceiling"]]
    every = [low, high, *(mark["value"] for mark in beside)]
    span = (max(every) - min(every)) or 1.0

    def at(value: float) -> float:
        return float(round(4 + 92 * (value - min(every)) / span, 2))

    own = {"name": "this run", "kind": "run", "value": verdict["value"], "at": at(verdict["value"]), "stands": ""}
    rows = [own | {"low": at(low), "high": at(high)}]
    for kind, key in (("baseline", "baselines"), ("ceiling", "ceiling")):
        for mark in verdict[key]:
            stands = standing(verdict, mark["value"]) if kind == "baseline" else "ceiling"
            rows.append(
                {"name": mark["name"], "kind": kind, "value": mark["value"], "at": at(mark["value"]), "stands": stands}
            )
    return rows


def checks(subject: Subject) -> list[dict[str, str]]:
    """Every check with what it has found, if anything, and whether there was anything to look at."""
    found = {check["name"]: check["message"] for check in subject.metrics.get("checks", [])}
    of = Outcome(subject.metrics, subject.history, graph=subject.graph, data=Provenance.of(subject.graph))
    return [
        {
            "number": check.number,
            "asks": check.asks,
            "message": found.get(check.name, ""),
            "told": "nothing found" if check.applies(of) else "does not apply",
        }
        for check in sorted(CHECKS, key=lambda check: (check.name not in found, check.number))
    ]


def metric_table(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of numbers by split.

    Example:
        >>> metric_table({"test/map": 0.5, "train/map": 1.0, "seed": 0})
        {'splits': ['test', 'train'], 'rows': [('MAP', [0.5, 1.0])]}
    """
    values = {name: value for name, value in metrics.items() if "/" in name and isinstance(value, int | float)}
    splits = list(dict.fromkeys(name.split("/", 1)[0] for name in values))
    names = dict.fromkeys(name.split("/", 1)[1] for name in values)
    rows = [(metric_words(name), [values.get(f"{split}/{name}") for split in splits]) for name in names]
    return {"splits": splits, "rows": rows}


def environment(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Versions, machine and settings, a line each; checksums have a table of their own."""
    rows: list[tuple[str, str]] = []
    for name, value in found.items():
        if name in ("data", "inputs"):
            continue
        if isinstance(value, Mapping):
            rows += [(str(key), shortened(str(inner), _LONGEST_CELL)) for key, inner in value.items()]
        else:
            rows.append((str(name), shortened(str(value), _LONGEST_CELL)))
    return rows


def _cases(subject: Subject, room: int) -> dict[str, Any] | None:
    found = cases_of(subject.graph)
    if found is None:
        return None
    media = Media(subject.graph, subject.experiment, room)
    parts = {"worst": [_case(case, media) for case in found.worst], "best": [_case(case, media) for case in found.best]}
    cases = [*parts["worst"], *parts["best"]]
    sounds = media.sounds([case["name"] for case in cases])  # what room the pictures have left
    for case in cases:
        case["sound"] = sounds.get(case["name"])
    return {"split": found.split, "ranked": found.ranked, **parts}


def _case(case: Case, media: Media) -> dict[str, Any]:
    def shown(row: Row) -> dict[str, Any]:
        return {"name": row.name, "label": row.label, "picture": media.picture(row.kind, row.number)}

    return {
        **shown(case.row),
        "truth": case.truth,
        "answer": case.answer,
        "right": case.right,
        "score": case.score,
        "found": [{**shown(row), "right": right} for row, right in case.found],
    }


def _fitting(paths: Sequence[Path], room: int) -> list[dict[str, str]]:
    """Pictures as addresses, as long as there is room."""
    found = []
    for path in paths:
        address = picture_address(path)
        room -= len(address)
        if room < 0:
            break
        found.append({"name": path.stem.replace("_", " "), "address": Markup(address)})
    return found
