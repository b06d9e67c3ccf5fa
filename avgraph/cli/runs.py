"""Commands about experiments and runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from avgraph.cli.group import FORCE, GRAPH_FILE, QUIET, main, may_write
from avgraph.cli.json_output import JSON, elsewhere_json, folds_json, metrics_json, run_json, show, sweep_json
from avgraph.errors import DataError

if TYPE_CHECKING:
    from avgraph.runs.folds import FoldRuns

EXPERIMENT = click.argument("experiment", type=click.Path(path_type=Path))
RUN = click.argument("run", type=click.Path(path_type=Path))
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override, e.g. train.epochs=5.")
SEEDS = click.option("--seeds", metavar="5|0,7", help="How many seeds, or which: a run per seed, mean ± sd.")


@main.command()
@EXPERIMENT
@SET
@click.option("--folds", metavar="all|1,3", help="Train one run per fold and print mean ± sd.")
@SEEDS
@click.option("--device", help="auto, cpu, cuda or cuda:N.")
@click.option("--precision", help="32-true, bf16-mixed, 16-mixed or 64-true.")
@click.option("--seed", help="Seed of weights, augmentation and order.")
@click.option("--output", help="Folder of the runs.")
@QUIET
@JSON
def train(
    experiment: Path,
    overrides: tuple[str, ...],
    folds: str | None,
    seeds: str | None,
    device: str | None,
    precision: str | None,
    seed: str | None,
    output: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train the EXPERIMENT (a YAML file) in a new run folder."""
    short = {"train.device": device, "train.precision": precision, "seed": seed, "output": output}
    overrides += tuple(f"{key}={value}" for key, value in short.items() if value is not None)
    numbers = _fold_numbers(folds)
    repeats = None if seeds is None else seed_numbers(seeds)

    from avgraph.config import load_experiment

    declared = load_experiment(experiment, overrides, check_files=True)  # a mistake is told before torch is loaded
    from avgraph.cli.one_voice import one_voice
    from avgraph.cli.printing import print_folds, print_run

    if folds is None and repeats is None:
        from avgraph.runs.run import train as train_one

        with one_voice(declared.train):
            show(lambda: train_one(experiment, overrides, quiet=quiet), as_json, run_json, print_run)
        return
    from avgraph.runs.folds import train_folds, train_seeds

    def work() -> FoldRuns:
        if folds is None:
            return train_seeds(experiment, repeats or 0, overrides, quiet=quiet)
        return train_folds(experiment, numbers, overrides, seeds=repeats, quiet=quiet)

    show(work, as_json, folds_json, print_folds)


def seed_numbers(text: str) -> int | list[int]:
    """``5`` → five seeds; ``0,7`` → these."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    listed = "," in text
    if not numbers or min(numbers) < (0 if listed else 1) or len(set(numbers)) != len(numbers):
        raise click.BadParameter(f"expected how many, or seeds such as 0,7, got '{text}'", param_hint="--seeds")
    return numbers if listed else numbers[0]


def _fold_numbers(text: str | None) -> list[int] | None:
    """``1,3`` → fold numbers; ``all`` are those that the data have."""
    if text is None or text == "all":
        return None
    numbers = [int(part) for part in text.split(",") if part.isascii() and part.isdigit()]
    if len(set(numbers)) != len(text.split(",")):
        raise click.BadParameter(f"expected all or fold numbers such as 1,3, got '{text}'", param_hint="--folds")
    return numbers


@main.command()
@RUN
@click.option("--devices", type=click.IntRange(min=1), help="Train the rest on so many processes; else as begun.")
@click.option("--nodes", type=click.IntRange(min=1), help="On so many machines.")
@QUIET
@JSON
def resume(run: Path, devices: int | None, nodes: int | None, quiet: bool, as_json: bool) -> None:
    """Continue a stopped RUN (its folder); the end is that of an unbroken run."""
    from avgraph.cli.one_voice import one_voice
    from avgraph.cli.printing import print_folds, print_run
    from avgraph.runs.finished import experiment_of
    from avgraph.runs.folds import is_fold_run, resume_folds
    from avgraph.runs.run import on_processes
    from avgraph.runs.run import resume as resume_one
    from avgraph.runs.sweep.plan import is_sweep

    if (devices or nodes) and (is_sweep(run) or is_fold_run(run)):
        raise DataError(f"devices, nodes: {run} is more than one run; resume those of it one by one")
    if is_sweep(run):
        from avgraph.cli.compare_tables import print_sweep
        from avgraph.runs.sweep.run import resume_sweep

        show(lambda: resume_sweep(run, quiet=quiet), as_json, sweep_json, print_sweep)
    elif is_fold_run(run):
        show(lambda: resume_folds(run, quiet=quiet), as_json, folds_json, print_folds)
    else:
        with one_voice(on_processes(experiment_of(run), devices, nodes).train):
            show(lambda: resume_one(run, devices=devices, nodes=nodes, quiet=quiet), as_json, run_json, print_run)


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
