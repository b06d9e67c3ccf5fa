"""m-LTM and its baselines on ESC-50, same projections, batches and optimiser; nothing is tuned, the last epoch counts.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python benchmarks/mltm.py zero-shot
    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python benchmarks/mltm.py noise --seeds 0 1 2
    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python benchmarks/mltm.py epsilon

* ``zero-shot``: trained on 40 classes; the sounds of the other 10 and their sentences find each other; 5 class splits.
* ``noise``: supervised, fold 1 is tested, a share of the training pairs shuffled; partial couplings of several masses.
* ``epsilon``: m-LTM with the full metric, class split 1, ε from .005 to 5.

audio_to_text_recall_at_1 is the accuracy of naming a sound among the texts. "cosine" and "cost" rank each query by
itself; "plan" sees all test queries at once (transductive), no number to hold against the other two. Mean ± sd.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import warnings
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
SUPERVISED = """\
extends: {example}
name: mltm-esc50-supervised
dataset: {{type: esc50, fold: 1}}
encoders:
  audio: {{type: logmel_modulation}}
  label: {{type: precomputed, x: "{data}/text/minilm_labels.npz:esc50_x"}}
method: {{text: label}}
"""


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


def header(columns: list[str], first: str = "loss") -> None:
    print(f"| {first} | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}", flush=True)


def zero_shot(options: argparse.Namespace, folder: str) -> None:
    columns = [
        "cosine/audio_to_text_recall_at_1", "cost/audio_to_text_recall_at_1", "plan/audio_to_text_recall_at_1",
        "cosine/audio_to_text_recall_at_5", "cosine/text_to_audio_map", "plan/text_to_audio_map", "modality_gap",
    ]  # fmt: skip
    header(columns)
    for name in options.losses:
        change = LOSSES[name]
        row(name, [trained(EXAMPLE, {**change, "dataset.part": part}, folder) for part in options.parts], columns)


def noise(options: argparse.Namespace, folder: str) -> None:
    import os

    path = Path(folder) / "supervised.yaml"
    path.write_text(SUPERVISED.format(example=EXAMPLE, data=Path(os.environ["AVGRAPH_DATA"]).resolve()))
    partial = {f"m-LTM, full M, mass {mass}": {**LOSSES["m-LTM, full M"], "method.mass": mass} for mass in options.mass}
    columns = ["cosine/audio_to_text_recall_at_1", "cost/audio_to_text_recall_at_1", "cosine/text_to_audio_map"]
    for share in options.noise:
        header([*columns, "modality_gap"], f"noise {share}")
        for name, change in {**LOSSES, **partial}.items():
            runs = [trained(path, {**change, "method.noise": share, "seed": seed}, folder) for seed in options.seeds]
            row(name, runs, [*columns, "modality_gap"])


def epsilon(options: argparse.Namespace, folder: str) -> None:
    columns = ["cosine/audio_to_text_recall_at_1", "cost/audio_to_text_recall_at_1", "modality_gap"]
    header(columns, "ε")
    for value in (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.5, 5.0):
        row(str(value), [trained(EXAMPLE, {"method.epsilon": value}, folder)], columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["zero-shot", "noise", "epsilon"])
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--losses", nargs="+", choices=list(LOSSES), default=list(LOSSES), help="of zero-shot")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.2, 0.4, 0.6])
    parser.add_argument("--mass", type=float, nargs="+", default=[0.9, 0.8, 0.6, 0.4])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"zero-shot": zero_shot, "noise": noise, "epsilon": epsilon}[options.what](options, folder)


if __name__ == "__main__":
    main()
