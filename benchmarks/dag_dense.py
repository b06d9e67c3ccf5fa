"""Dense dependency graphs, where starts differ: GRaSP of this package and flopsearch, given about the same time.

    python -m benchmarks.dag_dense                     a real table, on all threads
    python -m benchmarks.dag_dense --recovery 20       random graphs of many edges, on one thread: which are found?

The table is 1600 rows of 2 × 50 ESC-50 log-scores: what the two encoders of configs/rrnet/esc50_two_views.yaml say of
the clips that they were not fitted on (AVGRAPH_DATA; ten minutes the first time, then from the cache). ``--table
FILE`` takes another. Scores are BIC by one neutral function, as in benchmarks.dag. flopsearch has one thread and takes
no seed.
A random graph is found where the equivalence class is that of the truth: 50 columns of average degree 8, 1000 rows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from avgraph.config import load_experiment
from avgraph.dag import grasp
from avgraph.dag.cpdag import cpdag_of
from avgraph.dag.table import read_table
from avgraph.encoders import EncodeContext
from avgraph.encoders.views import Views
from avgraph.io.cache import cache_folder
from avgraph.runtime.settings import run_settings
from benchmarks.dag import Array, flop, has_flop, neutral_score, simulate

Search = Callable[[Array], Array]
TWO_VIEWS = Path(__file__).parents[1] / "configs" / "rrnet" / "esc50_two_views.yaml"


def log_scores(overrides: Sequence[str]) -> Array:
    """Rows: training clips of fold 1; columns: the classes by either encoder."""
    experiment = load_experiment(TWO_VIEWS, ["dataset.on_missing=[]", *overrides])
    with run_settings(experiment.train.threads):
        options = experiment.encoders["audio"]
        encoder = Views(options if isinstance(options, list) else [options])
        context = EncodeContext(seed=experiment.seed, cache=cache_folder("encoders"))
        audio = encoder.encode(experiment.dataset.load(), "audio", context=context)["audio"]
    score = audio.get("view_score", audio.score)[audio.train_mask].clamp_min(torch.finfo(torch.float32).tiny)
    found: Array = score.log().flatten(1).double().numpy()
    return found


def searches(seed: int, perturbations: Sequence[int], threads: int | None) -> dict[str, Search]:
    """Ours: name → from a table to a graph."""

    def ours(x: Array, restarts: int, more: int) -> Array:
        return grasp(x, restarts=restarts, perturbations=more, seed=seed, threads=threads).adjacency

    found: dict[str, Search] = {"five starts": partial(ours, restarts=5, more=0)}
    for more in perturbations:
        found[f"one start + {more} perturbations"] = partial(ours, restarts=1, more=more)
    return found


def peers(rounds: Sequence[int]) -> dict[str, Search]:
    """The same of flopsearch, where it is there."""

    def flopsearch(x: Array, number: int) -> Array:
        return flop(x, number)[0]

    return {f"flopsearch, {number} rounds": partial(flopsearch, number=number) for number in rounds if has_flop()}


def real(x: Array, compared: Mapping[str, Search]) -> None:
    """Every search on one table."""
    print(f"{x.shape[0]} rows, {x.shape[1]} columns\n\n| search | score | edges | seconds | of CPU |")
    print("|---|---|---|---|---|")
    for name, run in compared.items():
        begun, cpu = time.perf_counter(), _cpu()
        graph = run(x)
        seconds = f"{time.perf_counter() - begun:.1f} | {_cpu() - cpu:.1f}"
        print(f"| {name} | {neutral_score(x, graph):.1f} | {int(graph.sum())} | {seconds} |", flush=True)


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


def recovery(graphs: int, p: int, compared: Mapping[str, Search]) -> None:
    """How many equivalence classes are found, and by how much the score is above the truth's."""
    print(f"\n| {graphs} graphs of {p} columns | found | score less the truth's | seconds |\n|---|---|---|---|")
    tables = [simulate(p, seed, degree=8) for seed in range(graphs)]
    for name, run in compared.items():
        found, above, begun = 0, [], time.perf_counter()
        for x, truth in tables:
            graph = run(x)
            found += int((cpdag_of(graph) == cpdag_of(truth)).all())
            above.append(neutral_score(x, graph) - neutral_score(x, truth))
        seconds = (time.perf_counter() - begun) / graphs
        print(f"| {name} | {found / graphs:.2f} | {statistics.mean(above):+.2f} | {seconds:.2f} |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, help="instead of ESC-50's scores (.csv, .npy, .npz, .parquet)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--perturbations", type=int, nargs="+", default=[30, 60, 90])
    parser.add_argument("--rounds", type=int, nargs="+", default=[0, 20], help="of flopsearch")
    parser.add_argument("--recovery", type=int, metavar="GRAPHS")
    parser.add_argument("--columns", type=int, default=50, help="of a random graph")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of avgraph train")
    options = parser.parse_args(argv)
    grasp(np.random.default_rng(0).normal(size=(20, 2)))  # compile or load
    if options.table is not None or options.recovery is None:
        x = log_scores(options.set) if options.table is None else read_table(options.table).x
        compared = {
            f"{name}, seed {seed}": search
            for seed in options.seeds
            for name, search in searches(seed, options.perturbations, None).items()
        }
        real((x - x.mean(0)) / x.std(0), {**compared, **peers(options.rounds)})
    if options.recovery is not None:
        defaults = {"the defaults: five starts + 5 perturbations": lambda x: grasp(x, threads=1).adjacency}
        compared = {**searches(0, options.perturbations, 1), **defaults, **peers(options.rounds)}
        recovery(options.recovery, options.columns, compared)


if __name__ == "__main__":
    main()
