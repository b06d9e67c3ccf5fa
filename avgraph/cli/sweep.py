"""The command that tries many settings of one experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avgraph.cli.group import EXPERIMENT, QUIET, main
from avgraph.cli.json_output import JSON, show, sweep_json
from avgraph.cli.training import SEEDS, seed_numbers


@main.command()
@EXPERIMENT
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=A,B", help="Values to try; a single one is an override."
)
@SEEDS
@click.option("--metric", metavar="NAME", help="Of the split val; the method's usual one if not given.")
@click.option("--workers", type=click.IntRange(min=1), help="Runs at a time, which share the cores.")
@click.option("--output", help="Folder of the runs.")
@QUIET
@JSON
def sweep(
    experiment: Path,
    overrides: tuple[str, ...],
    seeds: str | None,
    metric: str | None,
    workers: int | None,
    output: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train the EXPERIMENT with every setting of a grid, or with Optuna's; the best on validation is chosen."""
    from avgraph.config import load_experiment
    from avgraph.config.overrides import with_values_to_try

    overrides, options = with_values_to_try(overrides)
    overrides += () if output is None else (f"output={output}",)
    load_experiment(experiment, overrides, check_files=True)  # a mistake is told before torch is loaded
    given = {"seeds": None if seeds is None else seed_numbers(seeds), "metric": metric, "workers": workers}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

    from avgraph.cli.compare_tables import print_sweep
    from avgraph.runs.sweep.run import train_sweep

    show(
        lambda: train_sweep(experiment, overrides, options=options, quiet=quiet, **changes),
        as_json,
        sweep_json,
        print_sweep,
    )
