"""m-LTM and its baselines on ESC-50, same projections, batches and optimiser; nothing is tuned, the last epoch counts.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.mltm

Zero-shot: trained on 40 classes; the sounds of the other 10 and their sentences find each other; 5 class splits.
Shuffled captions are in mltm_noise.py, ε in mltm_epsilon.py.

audio_to_text_recall_at_1 is the accuracy of naming a sound among the texts. "cosine" and "cost" rank each query by
itself; "plan" sees all test queries at once (transductive), no number to hold against the other two. Mean ± sd.
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

EXAMPLE = Path(__file__).parents[1] / "examples" / "mltm_esc50.yaml"
LOSSES: dict[str, dict[str, Any]] = {
    "m-LTM, full M": {"method.loss": "mltm", "method.metric": "full"},
    "m-LTM, diagonal M": {"method.loss": "mltm", "method.metric": "diagonal"},
    "m-LTM, Euclidean": {"method.loss": "mltm", "method.metric": "euclidean"},
    "InfoNCE": {"method.loss": "info_nce"},
    "InfoNCE + entropy": {"method.loss": "info_nce_entropy"},
    "triplet": {"method.loss": "triplet"},
}


def trained(path: Path, overrides: dict[str, Any], folder: str) -> dict[str, Any]:
    experiment = load_experiment(path, {**overrides, "output": folder, "train.device": "cpu"})
    metrics = avgraph.train(experiment).metrics
    if metrics["data"]["source"] != "real":
        raise SystemExit("no ESC-50 found: set AVGRAPH_DATA")
    return metrics


def shown(values: list[float]) -> str:
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{sd}"


def row(name: str, runs: list[dict[str, Any]], columns: list[str]) -> None:
    cells = [shown([run[f"test/{column}"] for run in runs]) for column in columns]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def header(columns: list[str]) -> None:
    print(f"| loss | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}", flush=True)


def zero_shot(options: argparse.Namespace, folder: str) -> None:
    columns = [
        "cosine/audio_to_text_recall_at_1", "cost/audio_to_text_recall_at_1", "plan/audio_to_text_recall_at_1",
        "cosine/audio_to_text_recall_at_5", "cosine/text_to_audio_map", "plan/text_to_audio_map", "modality_gap",
    ]  # fmt: skip
    header(columns)
    for name in options.losses:
        change = LOSSES[name] | ({} if options.epochs is None else {"train.epochs": options.epochs})
        row(name, [trained(EXAMPLE, {**change, "dataset.part": part}, folder) for part in options.parts], columns)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=list(LOSSES))
    parser.add_argument("--epochs", type=int, help="default: the example's")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        zero_shot(options, folder)


if __name__ == "__main__":
    main()
