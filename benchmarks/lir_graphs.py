"""Does the graph matter? LIR with inferred, random, permuted, identity and true graphs where co-occurrence is known.

    python -m benchmarks.lir_graphs --sets fsdd_digits --epochs 40 --json digits.json
    python -m benchmarks.lir_graphs --sets esc50_cifar10 --epochs 200 --json esc.json

In 0, 20, 40 % of the clips a second class is mixed in, unannotated. One teacher per seed and fraction; every student
goes on from its checkpoint, so that graphs differ in nothing else. "permuted" is the inferred graph with its classes
exchanged, "stable" its edges that 5 of 7 snapshots have, "distilled" and "false negatives" no graph but what the soft
labels say of classes that are not annotated. γ is chosen per seed and graph by the MAP of the
validation clips (the fold after the test fold), among --gammas. "MAP" asks for the annotated class, "MAP of content"
for any class that is in both clips, annotated or mixed in. Textbook MAP, test clips, last epoch, both directions
averaged, mean ± standard deviation over the seeds; p is a paired t-test. Lines that --json has are not run again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.encoders.context import EncodeContext
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.runs.folder import CHECKPOINT
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.runs.training import fit
from avgraph.runtime.settings import run_settings
from avgraph.transforms import DependencyEdges
from benchmarks.lir import EXAMPLES, cell, declared, of_length
from benchmarks.paired import told

TRUE = "true co-occurrence"
SNAPSHOTS = 7  # as published; the last seven epochs of the teacher, which is trained much shorter here
GRAPHS: dict[str, dict[str, Any]] = {
    "no regulariser": {"interaction_weight": 0.0},
    "distilled": {"interaction_weight": 0.0, "distillation": 1.0},
    "false negatives": {"interaction_weight": 0.0, "false_negatives": 1.0},
    "inferred": {},
    "random": {"dependencies": "random"},
    "permuted": {"dependencies": "permuted"},
    "stable": {"stability": 5 / 7},
    "inferred, positive": {"signs": "positive"},
    "random, positive": {"dependencies": "random", "signs": "positive"},
    "permuted, positive": {"dependencies": "permuted", "signs": "positive"},
    "identity": {"dependencies": "identity"},
    TRUE: {},
}
PAIRS = (
    ("distilled", "no regulariser"), ("false negatives", "no regulariser"),
    ("inferred", "random"), ("inferred", "permuted"), ("inferred", "no regulariser"), ("inferred", "identity"),
    ("stable", "inferred"), ("stable", "no regulariser"),
    ("inferred, positive", "random, positive"), ("inferred, positive", "permuted, positive"),
    ("inferred, positive", "no regulariser"),
    ("inferred, positive", "identity"), ("identity", "no regulariser"), (TRUE, "no regulariser"),
)  # fmt: skip
TRUTH = ("concept", "co_occurs", "concept")
Row = dict[str, Any]


def with_graph(
    sets: str, seed: int, cooccurrence: float, method: Mapping[str, Any], length: Mapping[str, Any]
) -> Experiment:
    """The example with mixed-in classes, validated on the fold after the test fold, on one thread."""
    changes = {"dataset.cooccurrence": cooccurrence, "dataset.val_fold": (seed + 1) % 5 + 1, "train.threads": 1}
    return declared(sets, seed, method, {**changes, **length})


def students(args: argparse.Namespace, seed: int, cooccurrence: float, done: set[tuple[Any, ...]]) -> Iterator[Row]:
    """Train the teacher, then from its checkpoint every student that is not done."""
    rows = [(name, gamma) for name in args.graphs for gamma in gammas(args, GRAPHS[name])]
    rows = [(name, gamma) for name, gamma in rows if (cooccurrence, seed, name, gamma) not in done]
    if cooccurrence == 0:
        rows = [(name, gamma) for name, gamma in rows if name != TRUE]
    if not rows:
        return
    length = with_snapshots(of_length(args.epochs, args.lr))
    start = with_graph(args.sets, seed, cooccurrence, {"interaction_weight": 0.0}, length)
    teacher = teacher_of(start)
    graph = with_truth(build_graph(start, build_task(start), EncodeContext(seed=seed)))
    with tempfile.TemporaryDirectory() as folder:
        trained(teacher, graph, Path(folder) / "teacher")
        for number, (name, gamma) in enumerate(rows):
            place = Path(folder) / str(number)
            shutil.copytree(Path(folder) / "teacher", place)
            weighting = {} if gamma == 0 else {"weighting": args.weighting}
            options = {**weighting, "interaction_weight": gamma} | GRAPHS[name]
            student = with_graph(args.sets, seed, cooccurrence, options, length)
            task = trained(knowing(student) if name == TRUE else student, graph, place)
            found = task.metrics() | weight_shares(task)
            yield {"cooccurrence": cooccurrence, "seed": seed, "graph": name, "gamma": gamma, "metrics": found}


def with_snapshots(length: dict[str, Any]) -> dict[str, Any]:
    """So many epochs, and graphs of the last ones of the teacher."""
    starts = int(length["method.teacher_epochs"])
    return {**length, "method.snapshot_epochs": list(range(max(1, starts - SNAPSHOTS), starts))}


def teacher_of(experiment: Experiment) -> Experiment:
    """The same experiment, ended where its student begins."""
    assert isinstance(experiment.method, LirOptions)
    epochs = experiment.method.teacher_epochs
    return experiment.model_copy(update={"train": experiment.train.model_copy(update={"epochs": epochs})})


def knowing(experiment: Experiment) -> Experiment:
    """The same experiment, whose method takes the graph of `with_truth`, which no file declares."""
    return experiment.model_copy(update={"method": experiment.method.model_copy(update={"dependencies": "given"})})


def gammas(args: argparse.Namespace, options: dict[str, Any]) -> list[float]:
    return [0.0] if "interaction_weight" in options else args.gammas


def trained(experiment: Experiment, graph: HeteroData, place: Path) -> LIRTask:
    place.mkdir(exist_ok=True)
    (place / CHECKPOINT).parent.mkdir(exist_ok=True)
    torch.manual_seed(experiment.seed)
    task = build_task(experiment)
    assert isinstance(task, LIRTask)
    task.bind(graph, experiment.train, experiment.seed)
    with run_settings(None):
        fit(task, experiment, place, device="cpu", quiet=True)
    task.eval()
    return task


def with_truth(graph: HeteroData) -> HeteroData:
    """The true pairs as the graph that dependencies: given takes, all as heavy, each in one direction."""
    if TRUTH not in graph.edge_types:
        return graph
    size, pairs = len(graph["concept"].name), graph[TRUTH].edge_index
    weights = torch.zeros(size, size)
    weights[pairs.min(0).values, pairs.max(0).values] = 1.0
    return DependencyEdges(weights / weights.sum())(graph)


def weight_shares(task: LIRTask) -> dict[str, float]:
    """Where the weight of the graph lies: on a class as heard and as seen, on true pairs, elsewhere."""
    weights, c = task.teacher.weights, task.clips.classes
    own = float(sum(weights[k, k + c] + weights[k + c, k] for k in range(c)))
    shares = {"graph/own_share": own}
    if TRUTH in task.graph.edge_types:
        pairs = task.graph[TRUTH].edge_index
        true = torch.zeros_like(weights, dtype=torch.bool)
        true[pairs[0], pairs[1]] = True
        shares["graph/true_share"] = float(weights[true | true.T].sum())
    return shares


def chosen(rows: list[Row], cooccurrence: float, name: str) -> list[Row]:
    """Per seed the row whose γ validates best."""
    own = [row for row in rows if row["cooccurrence"] == cooccurrence and row["graph"] == name]
    seeds = sorted({row["seed"] for row in own})
    return [max((r for r in own if r["seed"] == seed), key=lambda r: float(r["metrics"]["val/map"])) for seed in seeds]


def report(rows: list[Row]) -> None:
    for cooccurrence in sorted({row["cooccurrence"] for row in rows}):
        print(f"co-occurrence {cooccurrence:.0%}")
        heads = ("MAP", "MAP of content", "edges", "own share", "edge precision", "edge recall", "chance")
        print(f"  {'':<20}" + "".join(f"{head:<17}" for head in heads) + "γ chosen")
        for name in GRAPHS:
            best = chosen(rows, cooccurrence, name)
            if not best:
                continue
            keys = ["test/map", "test/content_map", "graph/edges", "graph/own_share"]
            keys += [f"graph/edge_{name}" for name in ("precision", "recall", "chance")]
            found = [[row["metrics"][key] for row in best if key in row["metrics"]] for key in keys]
            if name == "no regulariser":
                found[2:] = [[] for _ in found[2:]]
            text = "".join(f"{cell(values) if values else '-':<17}" for values in found)
            print(f"  {name:<20}{text}{' '.join(format(row['gamma'], 'g') for row in best)}")
        for one, other in PAIRS:
            pair = [chosen(rows, cooccurrence, name) for name in (one, other)]
            if pair[0] and pair[1]:
                tests = [paired(*(column(part, key) for part in pair)) for key in ("test/map", "test/content_map")]
                print(f"  {one:<20}− {other:<20}MAP {tests[0]:<20}MAP of content {tests[1]}")


def column(rows: list[Row], key: str) -> list[float]:
    return [row["metrics"][key] for row in rows]


def paired(one: list[float], other: list[float]) -> str:
    return told(one, other) if len(one) == len(other) else "-"


def compare(args: argparse.Namespace) -> None:
    path = Path(args.json)
    rows: list[Row] = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {(row["cooccurrence"], row["seed"], row["graph"], row["gamma"]) for row in rows}
    for seed in range(args.seeds):
        for cooccurrence in args.cooccurrence:
            for row in students(args, seed, cooccurrence, done):
                rows.append(row)
                with path.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    print(f"{args.sets}, {args.seeds} seeds, {args.epochs} epochs, γ among {args.gammas}, {args.weighting} weighting")
    report(rows)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", choices=list(EXAMPLES), default="fsdd_digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--cooccurrence", type=float, nargs="+", default=[0.4, 0.2, 0.0], help="fractions of the clips")
    parser.add_argument("--gammas", type=float, nargs="+", default=[0.05, 0.5])
    parser.add_argument("--graphs", nargs="+", choices=list(GRAPHS), default=list(GRAPHS), metavar="GRAPH")
    parser.add_argument("--weighting", choices=["hard", "soft"], default="hard", help="of clips by soft label")
    parser.add_argument("--json", required=True, help="file of all numbers")
    warnings.filterwarnings("ignore", ".*torch.jit.*")
    compare(parser.parse_args(argv))


if __name__ == "__main__":
    main()
