"""MMVAE-AVS and its baselines on composed clips: mean ± sd over seeds, chosen by nothing, the last epoch counts.

    AVGRAPH_DATA=../shared/data python -m benchmarks.mmvae --rows full "one joint latent" --seeds 0 1 2 --keep /tmp/runs

The settings are those of examples/mmvae_stamps.yaml; the seed draws the clips as well as the weights. --list names the
rows and data sets; --set overrides what is left (--set train.epochs=1 for a look). "largest object" is a baseline
without a network: the largest object's true outline, heard or not. --calibration draws 1, 8 and 32 masks a frame.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import avgraph  # noqa: E402
from avgraph.config import load_experiment  # noqa: E402
from avgraph.methods.mmvae.results import segmentation_metrics  # noqa: E402
from avgraph.runs.finished import load_task  # noqa: E402
from benchmarks.defaults.tables import spread  # noqa: E402
from benchmarks.kept import Kept, Numbers  # noqa: E402
from benchmarks.mmvae.rows import COLUMNS, DATA, NEGATIVES, ROWS  # noqa: E402
from benchmarks.paired import cells  # noqa: E402

SIZES = {"train_clips": 1600, "val_clips": 100, "test_clips": 240, "min_objects": 2}
SAMPLES = (1, 8, 32)
EXAMPLE = Path(__file__).parents[2] / "examples" / "mmvae_stamps.yaml"


def found(data: str, row: str, negatives: str, seed: int, options: argparse.Namespace) -> Numbers:
    """The metrics of a run, made now or kept."""
    changes: dict[str, Any] = {f"dataset.{key}": value for key, value in (SIZES | DATA[data]).items()}
    changes |= {f"dataset.{key}": value for key, value in NEGATIVES[negatives].items()}
    changes |= {f"method.{key}": value for key, value in ROWS[row].items()}
    changes |= {"dataset.seed": seed, "seed": seed, "train.device": "cpu"}
    changes |= {key: value for key, _, value in (part.partition("=") for part in options.set)}
    overrides = [f"{key}={value}" for key, value in changes.items()]
    samples = SAMPLES if options.calibration and ROWS[row].get("latent", True) else ()
    of = {"overrides": overrides, "samples": samples}
    return Kept(options.keep).numbers(of, partial(measured, overrides, samples))


def measured(overrides: Sequence[str], samples: Sequence[int]) -> Numbers:
    """The metrics of a run, and the calibration of so many samples."""
    with tempfile.TemporaryDirectory() as folder:
        run = avgraph.train(load_experiment(EXAMPLE, [*overrides, f"output={folder}"]))
        metrics = dict(run.metrics)
        for count in samples:
            found = segmentation_metrics(load_task(run.directory, run.experiment), "test", count)
            metrics |= {f"{count} samples/{name}": found[name] for name in ("ece", "error_auroc")}
    return metrics


def table(data: str, options: argparse.Namespace) -> None:
    """All rows on one data set, each compared with the full model seed by seed."""
    print(f"\n{data}, test, seeds {options.seeds}\n")
    head = ["", *COLUMNS, "miou less full", "p", "effect size"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    largest: dict[int, float] = {}
    for negatives in options.negatives:
        full: list[Numbers] = []
        for row in options.rows:
            runs = [found(data, row, negatives, seed, options) for seed in options.seeds]
            full = runs if row == "full" else full
            largest |= {seed: run["test/visual_only_miou"] for seed, run in zip(options.seeds, runs, strict=True)}
            shown = [[run[f"test/{name}"] for run in runs if f"test/{name}" in run] for name in COLUMNS]
            title = row if negatives == next(iter(NEGATIVES)) else f"{row}, no negatives"
            compared = ["", "", ""]
            if full and runs is not full:
                compared = cells(*([run["test/miou"] for run in part] for part in (runs, full)), digits=3)
            told = [spread(values, 3) if values else "" for values in shown]
            print(f"| {' | '.join([title, *told, *compared])} |", flush=True)
            for name in [name for name in runs[0] if " samples/" in name]:
                print(f"  {name}: {spread([run[name] for run in runs], 3)}")
    print(f"| {' | '.join(['largest object', spread(list(largest.values()), 3), *[''] * (len(head) - 2)])} |")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=["new recordings"], metavar="DATA")
    parser.add_argument("--negatives", nargs="+", choices=list(NEGATIVES), default=[next(iter(NEGATIVES))])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--calibration", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder of what each run gave; what is there is not run again")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args(argv)
    if options.list:
        print("rows:", *ROWS, "data:", *DATA, sep="\n  ")
        return
    for data in options.data:
        table(data, options)


if __name__ == "__main__":
    main()
