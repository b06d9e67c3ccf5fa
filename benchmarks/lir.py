"""LIR on real sounds and pictures paired by class: what each part adds.

    python -m benchmarks.lir --sets fsdd_digits           each part in turn, CCA family, chance

The row "+ proxies + LIR" is examples/lir_digits.yaml (or lir_esc50_cifar10.yaml) as it stands, seed by seed; the other
rows leave parts out. Whether the graph matters is another table: benchmarks/lir_graphs.py.
Textbook MAP on the test clips, last epoch, mean of both directions unless said otherwise; mean ± standard deviation
over the seeds. Seed s draws pairs, mixtures and weights, and tests on fold s mod 5 + 1 (takes of spoken digits, folds
of ESC-50), so the deviation includes that of the test clips. p is a paired t-test over the seeds. Nothing was chosen on
these clips. Margin, γ and the student's start at two fifths are the paper's. The network is narrower (256) and the rate
higher (1e-3) than the paper's 1024 and 1e-4, to fit minutes on one core: --method '{"hidden_channels": 1024}' --lr 1e-4
--epochs 1000 is the paper's. --gamma tries another weight of the regulariser.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.config import Experiment, load_experiment
from avgraph.encoders.context import EncodeContext
from avgraph.metrics import mean_average_precision
from avgraph.runs.pipeline import build_graph, build_task
from benchmarks.cca import cca, kernel_cca
from benchmarks.paired import told
from benchmarks.training import trained

Scores = dict[str, list[dict[str, float]]]
EXAMPLES = {
    sets: Path(__file__).parents[1] / "examples" / f"lir_{name}.yaml"
    for sets, name in {"esc50_cifar10": "esc50_cifar10", "fsdd_digits": "digits"}.items()
}
PARTS: dict[str, dict[str, Any]] = {
    "triplet": {"proxies": False, "semantic_alignment": False, "interaction_weight": 0.0},
    "+ AV-SAL": {"proxies": False, "interaction_weight": 0.0},
    "+ LIR, no proxies": {"proxies": False},
    "+ proxies, no LIR": {"interaction_weight": 0.0},
    "+ proxies + LIR": {},
    "same, own pair masked": {"mask_own_pair": True},
}


def declared(sets: str, seed: int, method: Mapping[str, Any], changes: Mapping[str, Any]) -> Experiment:
    """The example of ``sets`` with seed, pairs and test fold of ``seed``, options of its method, and other changes."""
    always = {
        "seed": seed, "dataset.seed": seed, "dataset.fold": seed % 5 + 1, "dataset.on_missing": [],
        "method.snapshot_epochs": [], "train.device": "cpu", "train.checkpoint_every": 10_000,
    }  # fmt: skip
    options = {f"method.{name}": value for name, value in method.items()}
    return load_experiment(EXAMPLES[sets], {**always, **changes, **options})


def of_length(epochs: int, lr: float) -> dict[str, Any]:
    """So many epochs, of which the teacher has the first two fifths, as published."""
    return {"train.epochs": epochs, "method.teacher_epochs": epochs * 2 // 5, "train.optimizer.lr": lr}


def compare(
    args: argparse.Namespace, rows: dict[str, dict[str, Any]], cooccurrence: float
) -> tuple[Scores, list[HeteroData]]:
    """Every row with every seed: the steps of `train_in` without its files, the data loaded once a seed."""
    scores: Scores = {name: [] for name in rows}
    graphs: list[HeteroData] = []
    for seed in range(args.seeds):
        for name, method in rows.items():
            weight = {} if args.gamma is None else {"method.interaction_weight": args.gamma}
            changes = {"dataset.cooccurrence": cooccurrence, **weight}
            changes |= of_length(args.epochs, args.lr)
            experiment = declared(args.sets, seed, args.method | method, changes)
            task = build_task(experiment)
            if len(graphs) <= seed:
                graphs.append(build_graph(experiment, task, EncodeContext(seed=seed)))
            start = time.perf_counter()
            metrics = trained(task, graphs[seed], experiment).metrics()
            scores[name].append(metrics | {"seconds": time.perf_counter() - start})
        print(f"seed {seed} done", file=sys.stderr, flush=True)
    return scores, graphs


def cell(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def column(scores: Scores, name: str, key: str) -> list[float]:
    return [numbers[key] for numbers in scores[name] if key in numbers]


def p_value(scores: Scores, name: str, other: str) -> str:
    return told(column(scores, name, "test/map"), column(scores, other, "test/map"))


def baselines(graph: HeteroData) -> dict[str, dict[str, float]]:
    """CCA family on the features that the method sees, standardised, and chance."""
    audio, visual = graph["audio"], graph["visual"]
    y, train, test = audio.y, audio.train_mask, audio.test_mask
    x = []
    for store in (audio, visual):
        deviation = store.x[train].std(0)
        x.append(((store.x - store.x[train].mean(0)) / torch.where(deviation > 0, deviation, 1)).double().numpy())
    fit, new, label = train.numpy(), test.numpy(), y[train].numpy()
    channels = int(y.max())
    plain = cca(x[0][fit], x[1][fit], channels)
    cluster = cca(x[0][fit], x[1][fit], channels, label=label)
    kernel = kernel_cca(x[0][fit], x[1][fit], x[0][new], x[1][new], channels)
    draw = np.random.default_rng(0)
    pairs = {
        "chance": tuple(draw.normal(size=(int(new.sum()), channels)) for _ in range(2)),
        "CCA": (x[0][new] @ plain[0], x[1][new] @ plain[1]),
        "kernel CCA": kernel,
        "cluster-CCA": (x[0][new] @ cluster[0], x[1][new] @ cluster[1]),
    }
    return {name: both_ways(torch.from_numpy(a), torch.from_numpy(b), y[test]) for name, (a, b) in pairs.items()}


def both_ways(audio: torch.Tensor, visual: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    found: dict[str, float] = {}
    variants: dict[str, Literal["standard", "running"]] = {"test/map": "standard", "test/running_map": "running"}
    for prefix, variant in variants.items():
        forth = mean_average_precision(audio, visual, y, y, variant=variant)
        back = mean_average_precision(visual, audio, y, y, variant=variant)
        found |= {f"{prefix}_audio_to_visual": forth, f"{prefix}_visual_to_audio": back, prefix: (forth + back) / 2}
    return found


def main_table(args: argparse.Namespace) -> None:
    scores, graphs = compare(args, PARTS, args.cooccurrence)
    for graph in graphs:
        for name, numbers in baselines(graph).items():
            scores.setdefault(name, []).append(numbers)
    keys = (
        "test/map_audio_to_visual",
        "test/map_visual_to_audio",
        "test/map",
        "test/running_map",
        "test/batch_proxy_map",
    )
    titles = ("A → V", "V → A", "MAP", "running", "batch proxy")
    print(f"{args.sets}, {args.seeds} seeds, {args.epochs} epochs, co-occurrence {args.cooccurrence:.0%}")
    print(f"{'':<24}" + "".join(f"{title:<16}" for title in titles) + "s per run")
    for name in ("chance", "CCA", "kernel CCA", "cluster-CCA", *PARTS):
        cells = [cell(found) if (found := column(scores, name, key)) else "-" for key in keys]
        seconds = column(scores, name, "seconds")
        print(f"{name:<24}" + "".join(f"{text:<16}" for text in cells) + (f"{np.mean(seconds):.0f}" if seconds else ""))
    print("MAP, paired over seeds:")
    for name, other in (
        ("+ AV-SAL", "triplet"), ("+ LIR, no proxies", "+ AV-SAL"), ("+ proxies, no LIR", "+ AV-SAL"),
        ("+ proxies + LIR", "+ proxies, no LIR"), ("same, own pair masked", "+ proxies + LIR"),
    ):  # fmt: skip
        print(f"  {name:<22} against {other:<22} {p_value(scores, name, other)}")
    save(args, scores)


def save(args: argparse.Namespace, scores: Scores) -> None:
    if args.json:
        with Path(args.json).open("a") as file:
            file.write(json.dumps({"arguments": vars(args), "scores": scores}) + "\n")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", choices=list(EXAMPLES), default="fsdd_digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--gamma", type=float, help="weight of the regulariser (default: the paper's 0.005)")
    parser.add_argument("--cooccurrence", type=float, default=0.0, help="fraction of the clips with a second class")
    parser.add_argument("--method", type=json.loads, default={}, help='more options, as {"hidden_channels": 256}')
    parser.add_argument("--json", help="file to append all numbers to")
    warnings.filterwarnings("ignore", ".*torch.jit.*")
    main_table(parser.parse_args(argv))


if __name__ == "__main__":
    main()
