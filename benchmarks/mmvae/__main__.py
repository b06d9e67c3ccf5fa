"""MMVAE-AVS and its baselines on composed clips: mean ± sd over seeds, chosen by nothing, the last epoch counts.

    AVGRAPH_DATA=../shared/data python -m benchmarks.mmvae --rows full "one joint latent" --seeds 0 1 2 --keep /tmp/runs

The settings are those of examples/mmvae_stamps.yaml; the seed draws the clips as well as the weights. --list names the
rows and data sets; --set overrides what is left (--set train.epochs=1 for a look). "largest object" is a baseline
without a network: the largest object's true outline, heard or not. --calibration draws 1, 8 and 32 masks a frame.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import avgraph  # noqa: E402
from avgraph.config import load_experiment  # noqa: E402
from avgraph.methods.mmvae.results import segmentation_metrics  # noqa: E402
from avgraph.runs.finished import load_task  # noqa: E402
from benchmarks.mmvae.rows import COLUMNS, DATA, NEGATIVES, ROWS  # noqa: E402

SIZES = {"train_clips": 1600, "val_clips": 100, "test_clips": 240, "min_objects": 2}
SAMPLES = (1, 8, 32)
EXAMPLE = Path(__file__).parents[2] / "examples" / "mmvae_stamps.yaml"


Found = Mapping[str, float]
"""The metrics of a run."""


def found(data: str, row: str, negatives: str, seed: int, options: argparse.Namespace) -> Found:
    """The metrics of a run; those that ``--keep`` has are not made again."""
    changes: dict[str, Any] = {f"dataset.{key}": value for key, value in (SIZES | DATA[data]).items()}
    changes |= {f"dataset.{key}": value for key, value in NEGATIVES[negatives].items()}
    changes |= {f"method.{key}": value for key, value in ROWS[row].items()}
    changes |= {"dataset.seed": seed, "seed": seed, "train.device": "cpu"}
    changes |= {key: value for key, _, value in (part.partition("=") for part in options.set)}
    overrides = [f"{key}={value}" for key, value in changes.items()]
    made_by = hashlib.sha256("\n".join(overrides).encode()).hexdigest()[:12]
    kept = options.keep and options.keep / f"{data}, {row}, {seed}, {made_by}.json"
    if kept and kept.exists():
        return dict(json.loads(kept.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        run = avgraph.train(load_experiment(EXAMPLE, [*overrides, f"output={folder}"]))
        metrics = dict(run.metrics)
        if options.calibration and ROWS[row].get("latent", True):
            task = load_task(run.directory, run.experiment)
            for samples in SAMPLES:
                measured = segmentation_metrics(task, "test", samples)
                metrics |= {f"{samples} samples/{name}": measured[name] for name in ("ece", "error_auroc")}
    if kept:
        options.keep.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(metrics))
    return metrics


def shown(values: Sequence[float]) -> str:
    """Mean ± sd."""
    if not values:
        return ""
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{sd}"


def compared(row: Sequence[Found], full: Sequence[Found]) -> str:
    """mIoU of a row less that of the full model, seed by seed."""
    if len(row) != len(full) or row is full:
        return ""
    return shown([one["test/miou"] - other["test/miou"] for one, other in zip(row, full, strict=True)])


def table(data: str, options: argparse.Namespace) -> None:
    """All rows on one data set."""
    print(f"\n{data}, test, seeds {options.seeds}\n\n| | {' | '.join(COLUMNS)} | miou less full |")
    print(f"|{'---|' * (len(COLUMNS) + 2)}")
    largest: dict[int, float] = {}
    for negatives in options.negatives:
        full: list[Found] = []
        for row in options.rows:
            runs = [found(data, row, negatives, seed, options) for seed in options.seeds]
            full = runs if row == "full" else full
            largest |= {seed: run["test/visual_only_miou"] for seed, run in zip(options.seeds, runs, strict=True)}
            cells = [shown([run[f"test/{name}"] for run in runs if f"test/{name}" in run]) for name in COLUMNS]
            title = row if negatives == next(iter(NEGATIVES)) else f"{row}, no negatives"
            print(f"| {title} | {' | '.join(cells)} | {compared(runs, full)} |", flush=True)
            for name in [name for name in runs[0] if " samples/" in name]:
                print(f"  {name}: {shown([run[name] for run in runs])}")
    print(f"| largest object | {shown(list(largest.values()))} |{' |' * len(COLUMNS)}")


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
