"""Commands that train: an experiment anew, over folds or seeds, and what had stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from avgraph.cli.group import EXPERIMENT, QUIET, RUN, SET, main
from avgraph.cli.json_output import JSON, folds_json, run_json, show, sweep_json
from avgraph.errors import DataError

if TYPE_CHECKING:
    from avgraph.runs.folds import FoldRuns

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
