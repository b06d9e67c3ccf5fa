"""m-LTM and its baselines on ESC-50 with a share of the training captions wrong; everything chosen on validation.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.mltm_noise --results noise.jsonl

Supervised retrieval among 50 sentences: folds 3-5 train, 2 validates, 1 tests. Captions are shuffled, replaced by those
of other classes, or (--kind outlier) by captions of other data sets, as those of fold 2 are by the same share, since
whoever has noisy captions has no clean ones to choose by. The number of epochs
and the setting of every loss (mass, ε, temperature) are those of the best noisy validation R@1, averaged over the
seeds; test is read there alone. A seed sets the shuffle, the weights and the batches. Runs that are in the results file
are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch_geometric.data import HeteroData  # noqa: E402

from avgraph.config import Experiment, load_experiment  # noqa: E402
from avgraph.encoders.context import EncodeContext  # noqa: E402
from avgraph.io.cache import cache_folder  # noqa: E402
from avgraph.methods.mltm import MltmOptions, MLTMTask  # noqa: E402
from avgraph.methods.mltm.ranking import retrieval_metrics  # noqa: E402
from avgraph.metrics import recall_at_k  # noqa: E402
from avgraph.runs.pipeline import build_graph, build_task  # noqa: E402
from avgraph.transforms import CorruptEdges, PairEdges  # noqa: E402
from avgraph.transforms.corrupt_edges import corrupted_targets  # noqa: E402
from avgraph.transforms.relation_options import Corruption  # noqa: E402
from benchmarks.training import trained  # noqa: E402

EXAMPLE = Path(__file__).parents[1] / "examples" / "mltm_esc50.yaml"
SUPERVISED = """\
extends: {example}
name: mltm-esc50-supervised
dataset: {{type: esc50, fold: 1, val_fold: 2}}
encoders:
  audio: {{type: logmel_modulation}}
  label: {{type: precomputed, x: "{data}/text/minilm_labels.npz:esc50_x"}}
method: {{text: label}}
train: {{device: cpu, checkpoint_every: 1000}}
"""
# Loss → its settings; the first is the one that is not chosen.
GRID: dict[str, list[dict[str, Any]]] = {
    "m-LTM, full M": [{"epsilon": value} for value in (0.05, 0.1)],
    "m-LTM, full M, partial": [{"mass": value} for value in (0.9, 0.8, 0.6, 0.4)],
    "m-LTM, trust": [
        {"trust": "partial", "trusted": share, "epsilon": value} for value, share in product((0.05, 0.1), (0.6, 0.4))
    ],
    "m-LTM, trimmed": [
        {"trust": "small_loss", "trusted": share, "epsilon": value} for value, share in product((0.05, 0.1), (0.6, 0.4))
    ],
    "m-LTM, diagonal M": [{"metric": "diagonal"}],
    "m-LTM, Euclidean": [{"metric": "euclidean"}],
    "InfoNCE": [{"loss": "info_nce", "temperature": value} for value in (0.07, 0.15)],
    "InfoNCE, trimmed": [
        {"loss": "info_nce", "trust": "small_loss", "trusted": share, "temperature": value}
        for value, share in product((0.07, 0.15), (0.6, 0.4))
    ],
    "InfoNCE, reverse": [
        {"loss": "info_nce_reverse", "reverse_weight": weight, "temperature": value}
        for value, weight in product((0.07, 0.15), (1.0, 3.0))
    ],
    "InfoNCE + entropy": [{"loss": "info_nce_entropy", "temperature": value} for value in (0.07, 0.15)],
    "triplet": [{"loss": "triplet"}],  # the margin changes nothing: the hardest negative is always nearer than that
}
CLASSES, OUTLIERS = 50, 200
COLUMNS = (
    "cosine/audio_to_text_recall_at_1", "cost/audio_to_text_recall_at_1", "plan/audio_to_text_recall_at_1",
    "cosine/audio_to_text_recall_at_5", "cosine/text_to_audio_map", "modality_gap",
)  # fmt: skip


class Watched(MLTMTask):
    """Keeps what validation (noisy) and test say every few epochs."""

    every = 3

    def __init__(self, options: MltmOptions, kind: Corruption, share: float) -> None:
        super().__init__(options)
        self.kind, self.share = kind, share
        self.history: list[dict[str, Any]] = []

    def on_train_epoch_end(self) -> None:
        epoch = self.current_epoch + 1
        if epoch % self.every and epoch != self.trainer.max_epochs:
            return
        self.eval()
        with torch.no_grad():
            found = self.test_metrics()
            self.history.append({"epoch": epoch, "val": self.noisy_validation(), **{k: found[k] for k in COLUMNS}})
        self.train()

    def test_metrics(self) -> dict[str, float]:
        sounds, texts = self.graph[self.options.audio], self.graph[self.options.text]
        rows = sounds.test_mask.nonzero()[:, 0]
        true = (texts.y < CLASSES).nonzero()[:, 0]  # an outlier is no answer
        x, y = self.embed(rows, true)
        return retrieval_metrics(x, y, sounds.y[rows], texts.y[true], self.ground_metric, self.options.epsilon)

    def noisy_validation(self) -> float:
        sounds, texts = self.graph[self.options.audio], self.graph[self.options.text]
        rows = sounds.val_mask.nonzero()[:, 0]
        x, y = self.embed(rows, torch.arange(len(texts.y)))
        own = corrupted_targets(sounds.y[rows], self.kind, self.share, self.seed, texts.y[texts.y >= CLASSES])
        return recall_at_k(x, y, own, texts.y, k=1)


def history(graph: HeteroData, experiment: Experiment, kind: Corruption, share: float) -> list[dict[str, Any]]:
    assert isinstance(experiment.method, MltmOptions)
    if kind != "shuffled":
        described = ("audio", experiment.method.relation, "label")
        graph = CorruptEdges(described, share, kind, seed=experiment.seed)(PairEdges("audio", "label")(graph))
    return trained(Watched(experiment.method, kind, share), graph, experiment).history


def with_outliers(graph: HeteroData) -> HeteroData:
    """The graph with sentences that no recording of ESC-50 is described by: captions of AudioCaps and Clotho."""
    with np.load(Path(os.environ["AVGRAPH_DATA"]) / "text" / "minilm_captions.npz") as file:
        chosen = np.linspace(0, len(file["x"]) - 1, OUTLIERS).astype(int)
        captions = torch.from_numpy(file["x"][chosen].astype(np.float32))
    graph = graph.clone()
    texts = graph["label"]
    texts.x = torch.cat([texts.x, captions])
    texts.y = torch.cat([texts.y, CLASSES + torch.arange(len(captions))])
    for name in [name for name in texts if name not in ("x", "y")]:
        del texts[name]
    return graph


def run_all(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every run of the grid: those of the results file, then the others."""
    results: Path = options.results
    done = [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []
    keys = {json.dumps(run["key"], sort_keys=True) for run in done}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "supervised.yaml"
        path.write_text(SUPERVISED.format(example=EXAMPLE, data=Path(os.environ["AVGRAPH_DATA"]).resolve()))
        shared = {"train.epochs": options.epochs, "train.optimizer.lr": options.lr}
        first = load_experiment(path, shared)
        context = EncodeContext(device="cpu", cache=cache_folder("encoders"), quiet=True)
        graph = build_graph(first, build_task(first), context)
        if graph.provenance["source"] != "real":
            raise SystemExit("no ESC-50 found: set AVGRAPH_DATA")
        shuffled = options.kind == "shuffled"
        graph = with_outliers(graph) if options.kind == "outlier" else graph
        for seed in options.seeds:
            for noise in options.noise:
                for name, settings in GRID.items():
                    for setting in settings:
                        key = {"loss": name, "setting": setting, "noise": noise, "seed": seed, **shared}
                        key |= {} if options.kind == "shuffled" else {"kind": options.kind}
                        if json.dumps(key, sort_keys=True) in keys or name not in options.losses:
                            continue
                        change = {f"method.{option}": value for option, value in setting.items()}
                        experiment = load_experiment(
                            path, {**shared, **change, "method.noise": shuffled * noise, "seed": seed, "output": folder}
                        )
                        done.append({"key": key, "history": history(graph, experiment, options.kind, noise)})
                        with results.open("a") as file:
                            file.write(json.dumps(done[-1]) + "\n")
    return done


def chosen(runs: list[dict[str, Any]]) -> tuple[dict[str, Any], int, list[dict[str, Any]]]:
    """Setting and epoch with the best mean validation, and what each seed's test says there."""
    groups = defaultdict(list)
    for run in runs:
        for row in run["history"]:
            groups[json.dumps(run["key"]["setting"]), row["epoch"]].append(row)
    seeds = max(len(rows) for rows in groups.values())
    whole = {key: rows for key, rows in groups.items() if len(rows) == seeds}
    setting, epoch = max(whole, key=lambda key: statistics.mean(row["val"] for row in whole[key]))
    return json.loads(setting), epoch, whole[setting, epoch]


def line(name: str, runs: list[dict[str, Any]]) -> None:
    setting, epoch, rows = chosen(runs)
    cells = []
    for column in ("val", *COLUMNS):
        values = [row[column] for row in rows]
        sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.3f}{sd}")
    told = ", ".join(f"{option} {value}" for option, value in setting.items() if option not in ("loss", "metric"))
    print(f"| {name} | {told or '-'} | {epoch} | {' | '.join(cells)} |", flush=True)


def tables(done: list[dict[str, Any]]) -> None:
    for tuned in (False, True):
        print(f"\n{'every loss at its best setting' if tuned else 'one setting per loss'}, chosen on noisy validation")
        for noise in sorted({run["key"]["noise"] for run in done}):
            print(
                f"\n| noise {noise} | setting | epoch | val | {' | '.join(COLUMNS)} |\n|{'---|' * (4 + len(COLUMNS))}"
            )
            for name, settings in GRID.items():
                allowed = settings if tuned or "partial" in name else settings[:1]
                runs = [
                    run for run in done
                    if run["key"]["loss"] == name and run["key"]["noise"] == noise and run["key"]["setting"] in allowed
                ]  # fmt: skip
                if runs:
                    line(name, runs)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("mltm_noise.jsonl"), help="one line per run")
    parser.add_argument("--losses", nargs="+", choices=list(GRID), default=list(GRID))
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.2, 0.4, 0.6])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--kind", choices=["shuffled", "replaced", "outlier"], default="shuffled")
    options = parser.parse_args(argv)
    kind = None if options.kind == "shuffled" else options.kind
    tables([run for run in run_all(options) if run["key"].get("kind") == kind])


if __name__ == "__main__":
    main()
