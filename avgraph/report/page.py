"""The report as one HTML file: it asks for nothing, and no name in it is more than text."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from avgraph.io.files import atomic_path
from avgraph.report.curves import Chart, charts_of
from avgraph.report.drawing import curves_svg
from avgraph.report.sections import marks, section
from avgraph.report.subject import Subject, read_subjects
from avgraph.report.words import metric_words, number_words, verdict_words
from avgraph.runs.repeats import summarise
from avgraph.runs.verdict import joint_verdict
from avgraph.version import __version__

MOST_BYTES = 3_000_000
_FIGURES, _MEDIA = 1_100_000, 800_000  # bytes of all runs together


def write_report(paths: Sequence[str | Path], output: str | Path) -> Path:
    """Write one page of finished runs or graphs, at most 3 MB: it needs no network, and to be read no JavaScript.

    Args:
        paths: folders of runs or of several folds, ``.graphml`` files of `discover` and `match`.
        output: ``.html``; whole or absent.

    Raises:
        DataError: if a path is neither, or what is there is damaged.

    Example:
        >>> import avgraph
        >>> run = avgraph.train("examples/rrnet_esc10.yaml")  # doctest: +SKIP
        >>> write_report([run.directory], "report.html")  # doctest: +SKIP
    """
    text = report_html(read_subjects(paths))
    with atomic_path(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(output)


def report_html(subjects: Sequence[Subject]) -> str:
    """The page of some runs or graphs."""
    count = len(subjects)
    sections = [section(subject, figures=_FIGURES // count, media=_MEDIA // count) for subject in subjects]
    selected = subjects[0].metrics.get("selected") if count == 1 else None
    charts = charts_of({subject.label: subject.history for subject in subjects}, selected)
    drawings = [{"title": metric_words(chart.title), "svg": curves_svg(chart.series, chart.marked),
                 "names": list(chart.series), "marked": chart.marked} for chart in charts]  # fmt: skip
    page_data = {
        "charts": [{"series": _series(chart), "marked": chart.marked} for chart in charts],
        "networks": [part["network"] and part["network"].pop("page") for part in sections],
    }
    styles = [_asset("vendor/uPlot.min.css"), _asset("assets/report.css"), _CYTOSCAPE_STYLE]
    scripts = [_asset("assets/report.js")]
    if any(page_data["networks"]):
        scripts.insert(0, _asset("vendor/cytoscape.min.js"))
    if charts:
        scripts.insert(0, _asset("vendor/uPlot.iife.min.js"))
    environment = Environment(
        loader=PackageLoader("avgraph.report", "assets"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["number"] = number_words
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}  # in the order given
    return environment.get_template("report.html").render(
        title=sections[0]["name"] if len({part["name"] for part in sections}) == 1 else f"{count} runs",
        sections=sections,
        together=_together(subjects) if count > 1 else None,
        drawings=drawings,
        data=page_data,
        version=__version__,
        styles=[Markup(style) for style in styles],
        scripts=[Markup(script) for script in scripts],
        policy=_policy(scripts, styles),
        licences=[_asset(f"vendor/LICENSE.{name}") for name in ("cytoscape", "uPlot")],
    )


_CYTOSCAPE_STYLE = ".__________cytoscape_container { position: relative; }"  # it would write this style itself


def _series(chart: Chart) -> dict[str, list[list[float | None]]]:
    """Epochs and values of every curve; what is no number is null, as JSON has none."""
    return {
        name: [[x for x, _ in line], [y if math.isfinite(y) else None for _, y in line]]
        for name, line in chart.series.items()
        if line
    }


def _together(subjects: Sequence[Subject]) -> dict[str, Any]:
    """Runs side by side: their verdict, and every number that all of them have."""
    verdict = joint_verdict([subject.metrics.get("verdict") for subject in subjects])
    numbers = summarise({number: dict(subject.metrics) for number, subject in enumerate(subjects)})
    rows = [(metric_words(name), row["mean"], row["sd"], list(row["values"].values())) for name, row in numbers.items()]
    return {
        "labels": [subject.label for subject in subjects],
        "sentence": "" if verdict is None else verdict_words(verdict),
        "marks": [] if verdict is None else marks(verdict),
        "rows": rows,
    }


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Nothing but what stands in the file: its own scripts and styles by their hashes, pictures and sounds inline."""

    def hashes(texts: Sequence[str]) -> str:
        return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in texts)

    return (
        f"default-src 'none'; script-src {hashes(scripts)}; style-src {hashes(styles)}; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    return (files("avgraph.report") / name).read_text(encoding="utf-8")
