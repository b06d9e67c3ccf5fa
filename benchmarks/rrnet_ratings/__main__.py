"""The tables of docs/methods/ratings.md: every baseline and RR-Net over random splits 80/10/10.

    python -m benchmarks.rrnet_ratings --experiment examples/rrnet_filmtrust.yaml   # five splits
    python -m benchmarks.rrnet_ratings --experiment examples/rrnet_ciao.yaml --seeds 0 1 --only "biased MF" RR-Net

The graph is that of the experiment, so that all rows see the same, but for pairs to recommend from, on which no rating
depends. The last row is its method, as it stands there. The experiment's ``dataset.seed`` is the split; ``--set``
changes anything else. Cold are ratings of a user or an item with five training ratings at most. With ``--keep FOLDER``
a table that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from avgraph.config import load_experiment
from avgraph.runtime.settings import run_settings
from benchmarks.defaults.tables import markdown, spread
from benchmarks.kept import Kept
from benchmarks.rrnet_ratings.baselines import BASELINES
from benchmarks.rrnet_ratings.graphs import Split
from benchmarks.rrnet_ratings.measured import linked_users, measured, rrnet

RRNET = "RR-Net"
COLUMNS = [("all", "mae"), ("all", "rmse"), ("cold", "mae"), ("cold", "rmse")]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", required=True, help="a YAML file with method rrnet_ratings")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4], help="splits")
    parser.add_argument("--only", nargs="+", choices=[*BASELINES, RRNET], help="some of the rows")
    parser.add_argument("--set", nargs="+", default=[], help="overrides, such as method.head=squared")
    parser.add_argument("--split", choices=["val", "test"], default="test", help="ratings to measure on")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="graphs and rows as they come")
    args = parser.parse_args(argv)
    names = args.only or [*BASELINES, RRNET]
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in names}
    kept = Kept(args.keep)
    for seed in args.seeds:
        experiment = load_experiment(args.experiment, [f"dataset.seed={seed}", *args.set])
        split = Split(experiment, kept)
        for name in names:
            of = {"experiment": experiment.to_dict(), "split": args.split, "row": name}
            one = kept.numbers(of, partial(_measure, split, name, seed, args.split))
            found[name].append(one)
            print(f"seed {seed}: {name}: MAE {one['all']['mae']:.4f}, RMSE {one['all']['rmse']:.4f}", flush=True)
    source = found[names[0]][0]["source"]
    head = [f"{args.split} ({source} data)", "MAE", "RMSE", "cold MAE", "cold RMSE", "seconds after the graph"]
    print(markdown(head, [[name, *_cells(values)] for name, values in found.items()]))


def _measure(split: Split, name: str, seed: int, part: str) -> Mapping[str, Any]:
    """Errors of a row, and how long it took once the graph was there."""
    graph = split.graph()
    with run_settings(split.experiment.train.threads):
        start = time.perf_counter()
        answer = rrnet(split.experiment, graph) if name == RRNET else BASELINES[name](graph, seed)
        seconds = time.perf_counter() - start
    return {**measured(graph, answer, part, linked_users(graph)), "seconds": seconds}


def _cells(values: Sequence[Mapping[str, Any]]) -> list[str]:
    errors = [spread([one[part][key] for one in values if part in one]) for part, key in COLUMNS]
    return [*errors, spread([one["seconds"] for one in values], digits=1)]


if __name__ == "__main__":
    main()
