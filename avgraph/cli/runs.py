"""Commands about what is to be run and what has been."""

from __future__ import annotations

from pathlib import Path

import click

from avgraph.cli.group import EXPERIMENT, FORCE, GRAPH_FILE, QUIET, RUN, SET, main, may_write
from avgraph.cli.json_output import JSON, elsewhere_json, metrics_json, show
from avgraph.errors import DataError


@main.command()
@RUN
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Another data set, e.g. dataset.fold=2.")
@click.option("--device", help="auto, cpu, cuda or cuda:N; as trained if not given.")
@QUIET
@JSON
def evaluate(run: Path, overrides: tuple[str, ...], device: str | None, quiet: bool, as_json: bool) -> None:
    """Compute the metrics of a finished RUN again, from its graph and its checkpoint, or on another data set."""
    from avgraph.cli.printing import print_elsewhere, print_metrics
    from avgraph.runs.finished import evaluate as evaluate_one
    from avgraph.runs.finished import load_run
    from avgraph.runtime.progress import reporting

    finished = load_run(run)
    if overrides:
        from avgraph.runs.elsewhere import evaluate_on

        with reporting(not quiet):
            show(
                lambda: evaluate_on(finished, overrides, device=device),
                as_json,
                lambda done: elsewhere_json(run, done),
                print_elsewhere,
            )
        return
    with reporting(not quiet):
        show(
            lambda: {**finished.metrics, **evaluate_one(finished, device=device)},
            as_json,
            lambda metrics: metrics_json(run, metrics),
            print_metrics,
        )


@main.command()
@RUN
@GRAPH_FILE
@click.option("--vectors/--no-vectors", default=True, help="Write feature vectors too (larger files).")
@FORCE
def export(run: Path, output: Path, vectors: bool, force: bool) -> None:
    """Write the learned graph of a RUN for networkx, igraph, Gephi or a data frame."""
    may_write([output], force=force)
    from avgraph.export import export_graph
    from avgraph.runs.finished import load_run

    click.echo(export_graph(load_run(run).graph, output, vectors=vectors, overwrite=True))


@main.command()
@click.argument("runs", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="FILE.html; of one run RUN/report.html.")
@FORCE
def report(runs: tuple[Path, ...], output: Path | None, force: bool) -> None:
    """Write one HTML page of RUNS: folders of runs or folds, .graphml files of discover and match."""
    if output is None:
        if len(runs) > 1 or not runs[0].is_dir():
            raise DataError("output: of several runs, or of a graph, expected -o FILE.html")
        output = runs[0] / "report.html"
    if output.suffix.lower() not in (".html", ".htm"):
        raise DataError(f"{output}: expected .html")
    may_write([output], force=force, inputs=runs)
    from avgraph.report import write_report

    click.echo(f"wrote {write_report(runs, output)}")


@main.command()
@EXPERIMENT
@SET
def validate(experiment: Path, overrides: tuple[str, ...]) -> None:
    """Check an EXPERIMENT and the files it names, without running it."""
    from avgraph.config import load_experiment

    load_experiment(experiment, overrides, check_files=True)
    click.echo(f"{experiment}: valid")


@main.command()
def schema() -> None:
    """Print the JSON Schema of an experiment, for editors."""
    import json

    from avgraph.config import experiment_schema

    click.echo(json.dumps(experiment_schema(), indent=2))
