"""Dependency graphs: GRaSP of this package beside causal-learn's GRaSP and BOSS and flopsearch, on the same data.

    python -m benchmarks.dag [--columns 30 50 100 200 400] [--causal-learn-up-to 30] [--flop-up-to 200]
    python -m benchmarks.dag --quality [20]         paired differences of the score on random graphs of 30 to 60 columns
    python -m benchmarks.dag --large [SECONDS]      1054 columns within a time limit, and the peak memory
    python -m benchmarks.dag --table FILE           a real table (.csv, .npy, .npz, .parquet)

Data: random linear Gaussian DAGs of average degree 4, weights ±U(.5, 1.5), noise deviation U(.5, 1.5), 1000 rows,
columns standardised. Every peer's graph is scored by one neutral function: its equivalence class is extended to a DAG
and causal-learn's local BIC (λ = 1) summed over it. SHD counts the pairs of columns whose mark differs between the
equivalence classes of the result and the truth. "first" is a start with nothing cached; "per start" is the mean over
all starts of a call, which share cached grow–shrink results. flopsearch is another search and takes no seed; "+20" are
20 rounds of iterated local search, theirs or ours. Use one thread (OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.dag import grasp
from avgraph.dag.causal_learn import _class_of
from avgraph.dag.cpdag import cpdag_of, extend_to_dag
from avgraph.dag.search.run import search
from avgraph.dag.table import read_table

warnings.filterwarnings("ignore")
Array = npt.NDArray[Any]
DISCOUNT, ROWS, DEGREE = 1.0, 1000, 4
COMPILE = """
import time, numpy as np
from avgraph.dag import grasp
x = np.random.default_rng(0).normal(size=(20, 2))
begin = time.perf_counter(); grasp(x); print(time.perf_counter() - begin)
"""


def simulate(p: int, seed: int, rows: int = ROWS, degree: int = DEGREE) -> tuple[Array, Array]:
    """Standardised data and the true adjacency."""
    rng = np.random.default_rng(seed)
    upper = np.argwhere(np.triu(np.ones((p, p)), 1))
    edges = upper[rng.choice(len(upper), min(p * degree // 2, len(upper)), replace=False)]
    weights = np.zeros((p, p))
    weights[tuple(edges.T)] = rng.uniform(0.5, 1.5, len(edges)) * rng.choice([-1, 1], len(edges))
    x = np.zeros((rows, p))
    for j in range(p):
        x[:, j] = x @ weights[:, j] + rng.normal(size=rows) * rng.uniform(0.5, 1.5)
    shuffled = rng.permutation(p)
    x = x[:, shuffled]
    return (x - x.mean(axis=0)) / x.std(axis=0), (weights != 0)[np.ix_(shuffled, shuffled)]


def neutral_score(x: Array, adjacency: Array) -> float:
    from causallearn.score.LocalScoreFunction import local_score_BIC_from_cov

    moments = (np.cov(x.T, ddof=0), len(x))
    parents = [np.flatnonzero(adjacency[:, j]).tolist() for j in range(len(adjacency))]
    each = (local_score_BIC_from_cov(moments, j, ps, {"lambda_value": DISCOUNT}) for j, ps in enumerate(parents))
    return float(sum(each))


def class_distance(one: Array, other: Array) -> int:
    differs = one != other
    return int(np.triu(differs | differs.T).sum())


def causal_learn(x: Array, which: str, starts: int, seed: int) -> list[Array]:
    from causallearn.search.PermutationBased.BOSS import boss
    from causallearn.search.PermutationBased.GRaSP import grasp as reference

    random.seed(seed)
    found = []
    for _ in range(starts):
        options = {"parameters": {"lambda_value": DISCOUNT}, "verbose": False}
        graph = (reference(x, depth=3, **options) if which == "GRaSP" else boss(x, **options)).graph
        found.append(extend_to_dag(_class_of(graph)))
    return found


def flop(x: Array, rounds: int) -> list[Array]:
    import flopsearch

    return [extend_to_dag(flopsearch.flop(x, 2 * DISCOUNT, restarts=rounds) > 0)]


def has_flop() -> bool:
    """Whether there is flopsearch, which comes with the extra ``bench``."""
    return find_spec("flopsearch") is not None


def ours(x: Array, starts: int, seed: int) -> list[Array]:
    return list(grasp(x, penalty_discount=DISCOUNT, restarts=starts, perturbations=0, seed=seed).start_adjacencies)


def perturbed(x: Array, rounds: int, seed: int) -> list[Array]:
    return [grasp(x, penalty_discount=DISCOUNT, restarts=1, perturbations=rounds, seed=seed).adjacency]


def row(
    label: str, p: int, x: Array, truth: Array | None, starts: int, run: Callable[[], list[Array]]
) -> tuple[float, float]:
    """Run, print one line; returns seconds per start and the best score."""
    begin = time.perf_counter()
    graphs = run()
    seconds = (time.perf_counter() - begin) / starts
    scores = [neutral_score(x, graph) for graph in graphs]
    best = graphs[int(np.argmax(scores))]
    distance = "–" if truth is None else class_distance(cpdag_of(best), cpdag_of(truth))
    spread = f"{max(scores) - min(scores):.1f}" if len(scores) > 1 else "–"
    print(
        f"| {p} | {label} | {starts} | {seconds:.3f} | {max(scores):.2f} | {spread} | {int(best.sum())} | {distance} |",
        flush=True,
    )
    return seconds, max(scores)


def compare(p: int, x: Array, truth: Array | None, options: argparse.Namespace) -> float:
    """All methods on one table; returns our seconds per start."""
    seed, starts = options.seed, options.starts
    row("avgraph GRaSP, first", p, x, truth, 1, lambda: ours(x, 1, seed))
    mine, score = row("avgraph GRaSP", p, x, truth, starts, lambda: ours(x, starts, seed))
    score = max(score, row("avgraph GRaSP +20", p, x, truth, 1, lambda: perturbed(x, 20, seed))[1])
    best_peer = float("-inf")
    if p <= options.causal_learn_up_to:
        n = options.causal_learn_starts
        seconds, peer = row("causal-learn GRaSP", p, x, truth, n, lambda: causal_learn(x, "GRaSP", n, seed))
        print(f"|   | → {seconds / mine:.0f} × our time per start |")
        best_peer = max(best_peer, peer)
        best_peer = max(
            best_peer, row("causal-learn BOSS", p, x, truth, 1, lambda: causal_learn(x, "BOSS", 1, seed))[1]
        )
    if p <= options.flop_up_to and has_flop():
        for rounds in (0, 20):
            label = "flopsearch" + (f" +{rounds}" if rounds else "")
            best_peer = max(best_peer, row(label, p, x, truth, 1, partial(flop, x, rounds))[1])
    if truth is not None:
        print(f"| {p} | the true graph | – | – | {neutral_score(x, truth):.2f} | – | {int(truth.sum())} | 0 |")
    if best_peer > float("-inf"):
        print(f"|   | → our score minus the best peer's: {score - best_peer:+.2f} |")
    return mine


def print_compile_time() -> None:
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        for label in ("compilation, first call ever", "loading from disk, first call of a process"):
            done = subprocess.run(
                [sys.executable, "-c", COMPILE], env=environment, capture_output=True, text=True, check=True
            )
            print(f"{label}: {float(done.stdout):.1f} s", flush=True)


def quality(n_graphs: int, options: argparse.Namespace) -> None:
    """Paired differences to causal-learn's GRaSP (best of five) and BOSS."""
    print("| graph | p | ours, best of 5 | minus causal-learn GRaSP best of 5 | minus BOSS | minus flopsearch +20 |")
    print("|---|---|---|---|---|---|")
    differences: dict[str, list[float]] = {"causal-learn GRaSP best of 5": [], "BOSS": [], "flopsearch +20": []}
    for k in range(n_graphs):
        p = 30 + round(30 * k / max(n_graphs - 1, 1))
        x, _ = simulate(p, options.seed + 1000 + k)
        mine = max(neutral_score(x, graph) for graph in ours(x, 5, k))
        peers = {
            "causal-learn GRaSP best of 5": causal_learn(x, "GRaSP", 5, k),
            "BOSS": causal_learn(x, "BOSS", 1, k),
        }
        if has_flop():
            peers["flopsearch +20"] = flop(x, 20)
        cells = []
        for name, graphs in peers.items():
            differences[name].append(mine - max(neutral_score(x, graph) for graph in graphs))
            cells.append(f"{differences[name][-1]:+.2f}")
        cells += ["–"] * (len(differences) - len(cells))
        print(f"| {k} | {p} | {mine:.2f} | {' | '.join(cells)} |", flush=True)
    for name, values in differences.items():
        if not values:
            continue
        error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        wins, ties = sum(v > 1e-6 for v in values), sum(abs(v) <= 1e-6 for v in values)
        print(
            f"minus {name}: mean {statistics.mean(values):+.3f} ± {error:.3f} (standard error), "
            f"{wins} better, {ties} equal, {len(values) - wins - ties} worse"
        )


def large(seconds: float, options: argparse.Namespace) -> None:
    p, rows = options.large_columns, 2000
    none = np.zeros((p, p), dtype=bool)
    x, truth = simulate(p, options.seed, rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    found = search(x.T @ x / rows, rows, DISCOUNT, 3, options.large_starts, 0, options.seed, seconds, none, none)
    wall = time.perf_counter() - begin
    print(f"p = {p}, {rows} rows, time limit {seconds:g} s, at most {options.large_starts} starts")
    print(f"returned after {wall:.1f} s, finished starts {found.n_finished}, converged {found.converged}")
    print("| start | seconds | random ordering | + by greedy sweeps | + by all that follows | edges | SHD |")
    print("|---|---|---|---|---|---|---|")
    for k, start in enumerate(found.starts):
        graph, (begun, swept, end) = start.adjacency, start.phases
        distance = class_distance(cpdag_of(graph), cpdag_of(truth))
        print(
            f"| {k} | {start.seconds:.1f} | {begun:.1f} | {swept - begun:+.1f} | {end - swept:+.2f} "
            f"| {int(graph.sum())} | {distance} |"
        )
    print(f"true graph: {int(truth.sum())} edges, score {neutral_score(x, truth):.1f}", end="; ")
    print(f"best found {neutral_score(x, found.best.adjacency):.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak resident memory of the process {peak:.0f} MB, {before:.0f} MB of it before the search")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, nargs="+", default=[30, 50, 100, 200, 400])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--causal-learn-up-to", type=int, default=30, help="at p = 100 it takes minutes per start")
    parser.add_argument("--causal-learn-starts", type=int, default=5)
    parser.add_argument("--flop-up-to", type=int, default=200)
    parser.add_argument("--no-compile-time", action="store_true")
    parser.add_argument("--quality", type=int, nargs="?", const=20, metavar="GRAPHS")
    parser.add_argument("--large", type=float, nargs="?", const=600.0, metavar="SECONDS")
    parser.add_argument("--large-columns", type=int, default=1054)
    parser.add_argument("--large-starts", type=int, default=1000)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args(argv)
    grasp(np.random.default_rng(0).normal(size=(20, 2)))  # compile or load
    if not has_flop():
        print("without flopsearch, which is not installed (extra bench)")
    if options.quality:
        return quality(options.quality, options)
    if options.large:
        return large(options.large, options)
    if not options.no_compile_time:
        print_compile_time()
    print("| p | method | starts | s per start | best score | spread over starts | edges | SHD |")
    print("|---|---|---|---|---|---|---|---|")
    if options.table:
        table = read_table(options.table)
        x = (table.x - table.x.mean(axis=0)) / table.x.std(axis=0)
        compare(x.shape[1], x, None, options)
        return None
    seconds = []
    for p in options.columns:
        x, truth = simulate(p, options.seed)
        seconds.append(compare(p, x, truth, options))
    if len(seconds) > 1:
        slope = np.polyfit(np.log(options.columns), np.log(seconds), 1)[0]
        print(f"fitted growth of our time per start: p^{slope:.2f}")
    return None


if __name__ == "__main__":
    main()
