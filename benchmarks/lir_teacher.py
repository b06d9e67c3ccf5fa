"""Why LIR's graph finds no co-occurrence: what its teacher sees of a class that is mixed in and not annotated.

    python -m benchmarks.lir_teacher --seeds 3

Of the clips with a second class: how often its soft label is above the threshold .5 of Eq. 7, and how often it is above
that of a class that is not in the clip (AUC; .5 is chance). Of the graph of the teacher's logits: edges between
classes, the share whose weight is negative, how many of the positive and of the negative ones are true co-occurrences,
and the mean correlation of logits of true and of other pairs. Teachers are those of benchmarks/lir_graphs.py.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from avgraph.dag import grasp
from avgraph.encoders.context import EncodeContext
from avgraph.methods.lir import LIRTask
from avgraph.runs.pipeline import build_graph, build_task
from benchmarks.lir import of_length
from benchmarks.lir_graphs import TRUTH, teacher_of, trained, with_graph

EPOCHS = {"esc50_cifar10": 100, "fsdd_digits": 30}


def teacher(sets: str, seed: int, cooccurrence: float, epochs: int) -> LIRTask:
    length = of_length(epochs, 1e-3)
    start = teacher_of(with_graph(sets, seed, cooccurrence, {"interaction_weight": 0.0}, length))
    graph = build_graph(start, build_task(start), EncodeContext(seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        return trained(start, graph, Path(folder) / "teacher")


def second_class(soft: Tensor, y: Tensor, second: Tensor) -> tuple[float, float]:
    """Share of clips [n, c] whose second class is active, and its AUC against the absent classes."""
    row = torch.arange(len(y))
    absent = torch.ones_like(soft, dtype=torch.bool)
    absent[row, y] = absent[row, second] = False
    own, other = soft[row, second], soft[absent].view(len(y), -1)
    above = (own[:, None] > other).float() + 0.5 * (own[:, None] == other).float()
    return float((own > 0.5).float().mean()), float(above.mean())


@torch.no_grad()
def describe(task: LIRTask, seed: int) -> dict[str, float]:
    store, z = task.graph["audio"], task.embed()
    found: dict[str, float] = {}
    for split in ("train", "test"):
        mixed = store[f"{split}_mask"] & (store.second_y >= 0)
        for name, logits in zip(("audio", "visual"), z, strict=True):
            active, area = second_class(logits[mixed].sigmoid(), store.y[mixed], store.second_y[mixed])
            found |= {f"{split} {name} active": active, f"{split} {name} AUC": area}
    rows = torch.cat(z, 1)[store.train_mask].double().numpy()
    correlation = np.corrcoef(rows.T)
    concept = np.arange(len(correlation)) % task.clips.classes
    between = concept[:, None] != concept
    true = np.zeros(correlation.shape, dtype=bool)
    true[tuple(task.graph[TRUTH].edge_index.numpy())] = True
    true |= true.T
    beta = np.zeros(correlation.shape)
    adjacency = grasp(rows, seed=seed).adjacency
    for child in range(len(beta)):
        parents = np.flatnonzero(adjacency[:, child])
        if len(parents):
            beta[parents, child] = np.linalg.solve(correlation[np.ix_(parents, parents)], correlation[parents, child])
    edges, positive = adjacency & between, beta > 0
    found |= {"edges between classes": float(edges.sum()), "negative": float((~positive)[edges].mean())}
    for name, part in (("positive", edges & positive), ("negative", edges & ~positive)):
        if part.any():
            found[f"precision of {name}"] = float(true[part].mean())
    found |= {
        "chance": float(true[between].mean()),
        "correlation, true pairs": float(correlation[between & true].mean()),
    }
    return found | {"correlation, other pairs": float(correlation[between & ~true].mean())}


def table(options: argparse.Namespace) -> None:
    for sets in options.sets:
        epochs = EPOCHS[sets] if options.epochs is None else options.epochs
        for cooccurrence in options.cooccurrence:
            rows = [describe(teacher(sets, seed, cooccurrence, epochs), seed) for seed in range(options.seeds)]
            print(f"{sets}, {cooccurrence:.0%} of the clips, mean of {options.seeds} seeds")
            for key in dict.fromkeys(key for row in rows for key in row):
                print(f"  {key:<26}{np.mean([row[key] for row in rows if key in row]):7.3f}", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=list(EPOCHS), default=list(EPOCHS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cooccurrence", type=float, nargs="+", default=[0.2, 0.4], help="fractions of the clips")
    parser.add_argument("--epochs", type=int, help="default: " + ", ".join(f"{n} of {s}" for s, n in EPOCHS.items()))
    warnings.filterwarnings("ignore", ".*torch.jit.*")
    table(parser.parse_args(argv))


if __name__ == "__main__":
    main()
