"""Commands that look at runs: which there are, and whether they differ."""

from __future__ import annotations

from pathlib import Path

import click

from avgraph.cli.group import main
from avgraph.cli.json_output import JSON, comparison_json, runs_json, show


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="Only these, e.g. method.type=rrnet; also < > !=.")
@click.option("--sort", default="time", show_default=True, metavar="NAME", help="By what; -NAME: the largest first.")
@click.option("--show", "names", multiple=True, metavar="NAME", help="A metric or an option as a column.")
@JSON
def runs(folder: Path, where: tuple[str, ...], sort: str, names: tuple[str, ...], as_json: bool) -> None:
    """List the runs in a FOLDER (runs, if not given), those over folds or seeds as one."""
    from avgraph.cli.compare_tables import print_runs
    from avgraph.runs.listing import list_runs

    show(
        lambda: list_runs(folder, where=where, sort=sort, show=names),
        as_json,
        runs_json,
        lambda found: print_runs(found, folder, names),
    )


@main.command()
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--metric", metavar="NAME", help="What to compare; the first of the test split if not given.")
@click.option("--with", "baselines", multiple=True, metavar="NAME", help="Another metric of the same runs.")
@click.option("--against", type=click.Path(path_type=Path), help="One of the RUNS, to compare all others with.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of the intervals.")
@JSON
def compare(
    runs: tuple[Path, ...],
    metric: str | None,
    baselines: tuple[str, ...],
    against: Path | None,
    confidence: float,
    as_json: bool,
) -> None:
    """Compare finished RUNS pair by pair of equal fold, seed and split: t-test, Wilcoxon's, Holm's correction."""
    from avgraph.cli.compare_tables import print_comparison
    from avgraph.runs.compare import compare_runs

    show(
        lambda: compare_runs(runs, metric=metric, baselines=baselines, against=against, confidence=confidence),
        as_json,
        comparison_json,
        print_comparison,
    )
