"""m-LTM on ESC-50 zero-shot for ε from .005 to 5: a table and a picture of R@1 and modality gap.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.mltm_epsilon --picture epsilon.png

examples/mltm_esc50.yaml as it is but for ε: costs have a largest value of 1, single precision. "not converged" is the
share of training batches whose coupling missed its marginals by more than 1e-6 of the mass. Mean ± sd over splits.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")


from avgraph.config import load_experiment  # noqa: E402
from avgraph.encoders.context import EncodeContext  # noqa: E402
from avgraph.io.cache import cache_folder  # noqa: E402
from avgraph.io.pictures import save_figure  # noqa: E402
from avgraph.methods.mltm import MltmOptions, MLTMTask  # noqa: E402
from avgraph.runs.pipeline import build_graph, build_task  # noqa: E402
from benchmarks.training import trained  # noqa: E402

EXAMPLE = Path(__file__).parents[1] / "examples" / "mltm_esc50.yaml"
EPSILONS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)
RECALL = "test/cosine/audio_to_text_recall_at_1"
COLUMNS = (RECALL, "test/cost/audio_to_text_recall_at_1", "test/plan/audio_to_text_recall_at_1", "test/modality_gap")


class Watched(MLTMTask):
    """Keeps the share of couplings that did not converge, of the worst epoch."""

    worst = 0.0

    def on_train_epoch_end(self) -> None:
        self.worst = max(self.worst, float(self.trainer.callback_metrics["train/not_converged"]))


def one_split(part: int, epsilons: Sequence[float], epochs: int | None) -> dict[float, dict[str, float]]:
    """ε → metrics, on one graph."""
    options: dict[str, object] = {"dataset.part": part, "train.device": "cpu", "train.checkpoint_every": 1000}
    if epochs is not None:
        options["train.epochs"] = epochs
    experiment = load_experiment(EXAMPLE, options)
    context = EncodeContext(device="cpu", cache=cache_folder("encoders"), quiet=True)
    graph = build_graph(experiment, build_task(experiment), context)
    if graph.provenance["source"] != "real":
        raise SystemExit("no ESC-50 found: set AVGRAPH_DATA")
    found = {}
    assert isinstance(experiment.method, MltmOptions)
    for epsilon in epsilons:
        task = trained(Watched(experiment.method.model_copy(update={"epsilon": epsilon})), graph, experiment)
        metrics = task.metrics()
        found[epsilon] = {**{column: metrics[column] for column in COLUMNS}, "not converged": task.worst}
        print(f"part {part}, ε {epsilon}: {' '.join(f'{value:.3f}' for value in found[epsilon].values())}", flush=True)
    return found


def draw(rows: Mapping[float, Sequence[Mapping[str, float]]], path: Path) -> None:
    from matplotlib.figure import Figure

    epsilons = list(rows)
    figure = Figure(figsize=(5.2, 4.4), facecolor="white", layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    axes: Any
    for axes, column, label in ((top, RECALL, "R@1, sound to text"), (bottom, "test/modality_gap", "modality gap")):
        values = [[row[column] for row in found] for found in rows.values()]
        mean = [statistics.mean(part) for part in values]
        spread = [statistics.stdev(part) if len(part) > 1 else 0.0 for part in values]
        axes.errorbar(epsilons, mean, spread, color="#2b6ca3", marker="o", markersize=4, capsize=3, linewidth=1.4)
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        axes.grid(color="#e6e6e6", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    top.axhline(0.1, color="#999999", linestyle="--", linewidth=1)
    top.annotate("chance", (epsilons[-1], 0.1), xytext=(0, 3), textcoords="offset points", ha="right", color="#777777")
    bottom.set_xscale("log")
    bottom.set_xticks(epsilons, [f"{epsilon:g}".removeprefix("0") for epsilon in epsilons])
    bottom.minorticks_off()
    bottom.set_xlabel("ε")
    save_figure(figure, path)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--epsilons", type=float, nargs="+", default=EPSILONS)
    parser.add_argument("--epochs", type=int, help="default: the example's")
    parser.add_argument("--picture", type=Path, help=".png or .svg")
    options = parser.parse_args(argv)
    splits = [one_split(part, options.epsilons, options.epochs) for part in options.parts]
    rows = {epsilon: [split[epsilon] for split in splits] for epsilon in options.epsilons}
    columns = (*COLUMNS, "not converged")
    print(f"\n| ε | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for epsilon, found in rows.items():
        cells = []
        for column in columns:
            values = [row[column] for row in found]
            sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.3f}{sd}")
        print(f"| {epsilon} | {' | '.join(cells)} |")
    if options.picture:
        draw(rows, options.picture)


if __name__ == "__main__":
    main()
