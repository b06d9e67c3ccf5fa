"""Default settings of the methods that retrieve, against a small grid, chance and a baseline that is not trained.

    python -m benchmarks.defaults.retrieval [--seeds 3] [--only lir mltm cmcr] [--lines results.jsonl]

A setting of the grid differs from the defaults in one option. The best is the one of the highest validation score with
seed 0; then default and best are trained with every seed, and the test rows are read. Mean average precision, both
directions averaged (C-MCR: every two held-out node types), last epoch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch_geometric.data import HeteroData

from avgraph.config import Experiment, experiment_from_dict
from avgraph.metrics import mean_average_precision
from avgraph.runs.pipeline import build_task
from avgraph.runs.training import fit
from avgraph.runtime.settings import run_settings
from benchmarks.cca import cca
from benchmarks.defaults.retrieval_sets import CLIPS, PAIRS, SPACES, Make

SETS: Mapping[str, Mapping[str, Make]] = {"lir": CLIPS, "mltm": PAIRS, "cmcr": SPACES}
# Of these data sets nothing is read but their node types, which an experiment has to name.
NODES = {"lir": {"type": "class_paired"}, "mltm": {"type": "esc50_zero_shot"}, "cmcr": {"type": "esc50_cifar10_spaces"}}
GRID: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "lir": (
        {"train.optimizer.lr": 3e-4},
        {"train.optimizer.lr": 1e-3},
        {"method.hidden_channels": 1024},
        {"method.batch_size": 400},
        {"method.interaction_weight": 0.0},
        {"train.epochs": 300},
    ),
    "mltm": (
        {"train.optimizer.lr": 3e-4},
        {"train.optimizer.lr": 3e-3},
        {"method.hidden_channels": 256},
        {"method.epsilon": 0.1},
        {"method.loss": "info_nce"},
        {"train.epochs": 100},
    ),
    "cmcr": (
        {"train.optimizer.lr": 1e-3},
        {"train.optimizer.lr": 1e-2},
        {"method.hidden_channels": 1024},
        {"method.temperature": 0.01, "method.pseudo_temperature": 0.01},
        {"method.noise_variance": 0.0},
        {"train.epochs": 100},
    ),
}


def declared(method: str, seed: int, setting: Mapping[str, object]) -> Experiment:
    """The defaults but for ``setting``, on one thread."""
    spec = {
        "seed": seed,
        "dataset": NODES[method],
        "method": {"type": method},
        "train": {"device": "cpu", "threads": 1},
    }
    return experiment_from_dict(spec, {"train.checkpoint_every": 10_000, **setting})


def score(method: str, metrics: Mapping[str, float], split: str) -> float:
    """Mean average precision, both ways."""
    wanted = {"lir": ("map",), "mltm": ("cosine/audio_to_text_map", "cosine/text_to_audio_map")}.get(method)
    names = [f"{split}/{name}" for name in wanted or ()] or [n for n in metrics if n.startswith(f"{split}/map_")]
    return float(np.mean([metrics[name] for name in names]))


def trained(method: str, seed: int, setting: Mapping[str, object], data: HeteroData) -> dict[str, float]:
    """Validation and test score of one training, and its seconds."""
    experiment = declared(method, seed, setting)
    task, start = build_task(experiment), time.process_time()
    with run_settings(1), tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(seed)
        task.bind(data.clone(), experiment.train, experiment.seed)
        fit(task, experiment, Path(folder), device="cpu", quiet=True)
        metrics = task.eval().metrics()
    return {split: score(method, metrics, split) for split in ("val", "test")} | {"s": time.process_time() - start}


def _both(x: torch.Tensor, y: torch.Tensor, x_y: torch.Tensor, y_y: torch.Tensor) -> float:
    return (mean_average_precision(x, y, x_y, y_y) + mean_average_precision(y, x, y_y, x_y)) / 2


def _random(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(x.shape, generator=generator), torch.randn(y.shape, generator=generator)


def baselines(method: str, data: HeteroData) -> dict[str, float]:
    """Chance, and linear maps: cluster-CCA of clips, ridge regression on texts, least squares between two spaces."""
    if method == "cmcr":
        return _linear_spaces(data)
    one, other = data["audio"], data["visual" if method == "lir" else "text"]
    train, test = one.train_mask, one.test_mask
    x = (one.x - one.x[train].mean(0)) / (one.x[train].std(0) + 1e-6)
    if method == "lir":
        z = (other.x - other.x[train].mean(0)) / (other.x[train].std(0) + 1e-6)
        a, b = cca(x[train].double().numpy(), z[train].double().numpy(), int(one.y.max()), label=one.y[train].numpy())
        left, right, label = x[test] @ torch.tensor(a).float(), z[test] @ torch.tensor(b).float(), one.y[test]
    else:
        place = torch.full((int(other.y.max()) + 1,), -1)
        place[other.y] = torch.arange(len(other.y))
        square = x[train].T @ x[train]
        ridge = square + 0.1 * square.diagonal().mean() * torch.eye(len(square))
        centre = other.x[place[one.y[train]]].mean(0)
        beta = torch.linalg.solve(ridge, x[train].T @ (other.x[place[one.y[train]]] - centre))
        chosen = torch.isin(other.y, one.y[test])
        left, right, label = x[test] @ beta, other.x[chosen] - centre, other.y[chosen]
    draw = _random(left, right)
    return {"chance": _both(*draw, one.y[test], label), "linear": _both(left, right, one.y[test], label)}


def _linear_spaces(data: HeteroData) -> dict[str, float]:
    """Held-out rows of one space mapped through what spaces overlap in, along the chain, to the space of the others."""
    ends = [(node, next(k[2:] for k in data[node] if k.startswith("x_"))) for node in data.node_types
            if "test_mask" in data[node]]  # fmt: skip
    (one, first), (other, last) = ends
    rows, at = {first: data[one][f"x_{first}"]}, [first]
    while last not in rows:
        here = at[-1]
        for node in data.node_types:
            spaces = [key[2:] for key in data[node] if key.startswith("x_")]
            for there in spaces if here in spaces and "test_mask" not in data[node] else ():
                if there not in rows:
                    source, target = data[node][f"x_{here}"], data[node][f"x_{there}"]
                    square = source.T @ source
                    ridge = square + 0.1 * square.diagonal().mean() * torch.eye(len(square))
                    beta = torch.linalg.solve(ridge, source.T @ (target - target.mean(0)))
                    rows[there] = F.normalize((rows[here] @ beta) + target.mean(0))
                    at.append(there)
    masks = data[one].test_mask, data[other].test_mask
    x, y = rows[last][masks[0]], data[other][f"x_{last}"][masks[1]]
    labels = data[one].y[masks[0]], data[other].y[masks[1]]
    draw = _random(x, y)
    return {"chance": _both(*draw, *labels), "linear": _both(x - x.mean(0), y - y.mean(0), *labels)}


def measured(
    method: str, name: str, seeds: int, always: Mapping[str, object], *, with_grid: bool = True
) -> dict[str, Any]:
    """All that a row of the table needs."""
    data = [SETS[method][name](seed) for seed in range(seeds)]
    settings: list[Mapping[str, object]] = [{}, *(GRID[method] if with_grid else ())]
    grid = [trained(method, 0, {**setting, **always}, data[0]) for setting in settings]
    best = int(np.argmax([found["val"] for found in grid]))
    tests = {
        which: [
            grid[number],
            *(trained(method, seed, {**settings[number], **always}, data[seed]) for seed in range(1, seeds)),
        ]
        for which, number in (("default", 0), ("best", best))
        if which == "default" or number
    }
    free = [baselines(method, part) for part in data]
    return {
        "method": method, "data": name, "best": dict(settings[best]), "val": [round(g["val"], 4) for g in grid],
        "seconds": round(grid[0]["s"], 1), "default": [found["test"] for found in tests["default"]],
        "best_test": [found["test"] for found in tests.get("best", tests["default"])],
        **{key: [part[key] for part in free] for key in ("chance", "linear")},
    }  # fmt: skip


def row(found: Mapping[str, Any]) -> str:
    """A row of Markdown."""
    cells = [f"{np.mean(v):.3f} ± {np.std(v, ddof=1) if len(v) > 1 else 0:.3f}" for v in
             (found["chance"], found["linear"], found["default"], found["best_test"])]  # fmt: skip
    best = ", ".join(f"{key.split('.')[-1]} {value}" for key, value in found["best"].items()) or "the default"
    return f"| {found['data']} | {' | '.join(cells)} | {best} | {found['seconds']} s |"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--sets", type=int, choices=range(1, 5), default=4, help="of every method, the first made up")
    parser.add_argument("--no-grid", action="store_true", help="the defaults alone")
    parser.add_argument("--epochs", type=int, help="default: the method's, and those of the grid")
    parser.add_argument("--lines", type=Path, help="append every result, as JSON")
    args = parser.parse_args(argv)
    always: dict[str, object] = {} if args.epochs is None else {"train.epochs": args.epochs}
    for method, name in ((m, n) for rank in range(args.sets) for m in args.only for n in [list(SETS[m])[rank]]):
        found = measured(method, name, args.seeds, always, with_grid=not args.no_grid)
        print(f"{method} {row(found)}", flush=True)
        if args.lines:
            with args.lines.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
