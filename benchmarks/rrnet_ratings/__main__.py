"""The tables of docs/methods/ratings.md: every baseline and RR-Net over random splits 80/10/10.

    python -m benchmarks.rrnet_ratings --experiment examples/rrnet_filmtrust.yaml   # five splits
    python -m benchmarks.rrnet_ratings --experiment examples/rrnet_ciao.yaml --seeds 0 1 --only "biased MF" RR-Net

The graph is that of the experiment, so that all rows see the same. The last row is its method, as it stands there. The
experiment's ``dataset.seed`` is the split; ``--set`` changes anything else.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.config import load_experiment
from avgraph.encoders.context import EncodeContext
from avgraph.graph.ratings import RATES
from avgraph.methods.rrnet.rating_heads import Answer
from avgraph.methods.rrnet.rating_task import RatingTask
from avgraph.metrics import mean_absolute_error, root_mean_squared_error
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.runtime.settings import run_settings
from benchmarks.defaults.tables import markdown
from benchmarks.rrnet_ratings.baselines import BASELINES
from benchmarks.training import trained

RRNET = "RR-Net"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", required=True, help="a YAML file with method rrnet_ratings")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4], help="splits")
    parser.add_argument("--only", nargs="+", choices=[*BASELINES, RRNET], help="some of the rows")
    parser.add_argument("--set", nargs="+", default=[], help="overrides, such as method.head=squared")
    parser.add_argument("--split", choices=["val", "test"], default="test", help="ratings to measure on")
    args = parser.parse_args(argv)
    names = args.only or [*BASELINES, RRNET]
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    for seed in args.seeds:
        experiment = load_experiment(args.experiment, [f"dataset.seed={seed}", *args.set])
        task = build_task(experiment)
        with run_settings(experiment.train.threads):
            start = time.perf_counter()
            graph = build_graph(experiment, task, EncodeContext())
            print(f"seed {seed}: graph in {time.perf_counter() - start:.0f} s", flush=True)
            for name in names:
                start = time.perf_counter()
                answer = _rrnet(experiment, graph) if name == RRNET else BASELINES[name](graph, seed)
                errors = _errors(graph, answer, args.split)
                found[name].append((*errors, time.perf_counter() - start))
                print(f"seed {seed}: {name}: MAE {errors[0]:.4f}, RMSE {errors[1]:.4f}", flush=True)
    rows = [[name, *map(_cell, zip(*values, strict=True))] for name, values in found.items()]
    print(markdown([args.split, "MAE", "RMSE", "seconds after the graph"], rows))


def _rrnet(experiment: Any, graph: HeteroData) -> Answer:
    """The experiment's method, trained on a graph."""
    task = build_task(experiment)
    assert isinstance(task, RatingTask), "expected an experiment with method rrnet_ratings"
    return trained(task, graph, experiment).answer(RATES)


def _errors(graph: HeteroData, answer: Answer, split: str) -> tuple[float, float]:
    edges = graph[RATES]
    rows = edges[f"{split}_mask"]
    return (
        mean_absolute_error(answer.median[rows], edges.rating[rows]),
        root_mean_squared_error(answer.mean[rows], edges.rating[rows]),
    )


def _cell(values: Sequence[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.4f} ± {deviation:.4f}"


if __name__ == "__main__":
    main()
