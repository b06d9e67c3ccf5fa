"""MMVAE-AVS and its baselines on composed clips: mean ± sd over seeds, chosen by nothing, the last epoch counts.

    AVGRAPH_DATA=../shared/data python -m benchmarks.mmvae --rows full "one joint latent" --seeds 3

The settings are those of examples/mmvae_stamps.yaml; the seed draws the clips as well as the weights. --list names the
rows and data sets; --set overrides what is left (--set train.epochs=1 for a look). "largest object" is a baseline
without a network: the largest object's true outline, heard or not. --calibration draws 1, 8 and 32 masks a frame.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import avgraph  # noqa: E402
from avgraph.config import load_experiment  # noqa: E402
from avgraph.methods.mmvae.results import segmentation_metrics  # noqa: E402
from avgraph.runs.finished import load_task  # noqa: E402
from benchmarks.mmvae.rows import COLUMNS, DATA, NEGATIVES, ROWS  # noqa: E402

SIZES = {"train_clips": 1600, "val_clips": 100, "test_clips": 240, "min_objects": 2}
EXAMPLE = Path(__file__).parents[2] / "examples" / "mmvae_stamps.yaml"


def trained(data: str, row: str, negatives: str, seed: int, options: argparse.Namespace, folder: str) -> avgraph.Run:
    changes: dict[str, Any] = {f"dataset.{key}": value for key, value in (SIZES | DATA[data]).items()}
    changes |= {f"dataset.{key}": value for key, value in NEGATIVES[negatives].items()}
    changes |= {f"method.{key}": value for key, value in ROWS[row].items()}
    written = {key: value for key, _, value in (part.partition("=") for part in options.set)}
    changes |= {"dataset.seed": seed, "seed": seed, "output": folder, "train.device": "cpu"}
    return avgraph.train(load_experiment(EXAMPLE, [f"{key}={value}" for key, value in (changes | written).items()]))


def shown(values: list[float]) -> str:
    if not values:
        return ""
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{sd}"


def table(data: str, options: argparse.Namespace, folder: str) -> None:
    print(f"\n{data}, test, seeds {options.seeds}\n\n| | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
    largest: dict[int, float] = {}
    for negatives in options.negatives:
        for row in options.rows:
            runs = [trained(data, row, negatives, seed, options, folder) for seed in range(options.seeds)]
            largest |= {seed: run.metrics["test/visual_only_miou"] for seed, run in enumerate(runs)}
            cells = [shown([run.metrics[f"test/{c}"] for run in runs if f"test/{c}" in run.metrics]) for c in COLUMNS]
            title = row if negatives == next(iter(NEGATIVES)) else f"{row}, no negatives"
            print(f"| {title} | {' | '.join(cells)} |", flush=True)
            if options.calibration:
                calibration(runs)
    print(f"| largest object | {shown(list(largest.values()))} |{' |' * (len(COLUMNS) - 1)}")


def calibration(runs: list[avgraph.Run]) -> None:
    for samples in (1, 8, 32):
        found = []
        for run in runs:
            task = load_task(run.directory, run.experiment)
            found.append(segmentation_metrics(task, "test", samples))
        names = [name for name in ("ece", "error_auroc", "mean_ece", "mean_error_auroc") if name in found[0]]
        print(f"  {samples} samples: " + ", ".join(f"{n} {shown([part[n] for part in found])}" for n in names))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=["new recordings"], metavar="DATA")
    parser.add_argument("--negatives", nargs="+", choices=list(NEGATIVES), default=[next(iter(NEGATIVES))])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--calibration", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args(argv)
    if options.list:
        print("rows:", *ROWS, "data:", *DATA, sep="\n  ")
        return
    with tempfile.TemporaryDirectory() as folder:
        for data in options.data:
            table(data, options, folder)


if __name__ == "__main__":
    main()
