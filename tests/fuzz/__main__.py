"""``python -m tests.fuzz --count 1000000 --seed 0 --workers 2``: damaged files for every reader, and what was found."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.fuzz.readers import Reader, readers
from tests.fuzz.samples import make_samples
from tests.fuzz.verdict import damaged
from tests.fuzz.workers import Outcome, plan, run_jobs

_EVERY = 60.0  # seconds between two tables


def main() -> None:
    """Run, print a table now and then and at the end; exit code 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", help="one reader by its name")
    parser.add_argument("--index", type=int, help="with --only: write this input to FILE instead")
    parser.add_argument("--output", default="damaged", metavar="FILE")
    given = parser.parse_args()
    chosen = [reader for reader in readers() if given.only in (None, reader.name)]
    with tempfile.TemporaryDirectory() as folder:
        samples = make_samples(Path(folder))
    if given.index is not None:
        Path(given.output).write_bytes(damaged(chosen[0], samples[chosen[0].name], given.seed, given.index))
        return
    outcome = fuzz(chosen, samples, given.count, given.seed, given.workers)
    sys.exit(1 if outcome.findings else 0)


def fuzz(chosen: list[Reader], samples: dict[str, list[bytes]], count: int, seed: int, workers: int) -> Outcome:
    """All inputs; every worker takes each ``workers``-th job."""
    outcome, began, told, shown = Outcome(), time.monotonic(), time.monotonic(), 0
    running = [
        run_jobs(chosen, samples, islice(plan(chosen, count), k, None, workers), seed, outcome) for k in range(workers)
    ]
    while running:
        for one in list(running):
            if next(one, StopIteration) is StopIteration:
                running.remove(one)
        for name, index, what in outcome.findings[shown:]:
            print(f"FOUND {name} {index}: {what}", flush=True)
        shown = len(outcome.findings)
        if time.monotonic() - told > _EVERY or not running:
            told = time.monotonic()
            _print(chosen, outcome, told - began)
    return outcome


def _print(chosen: list[Reader], outcome: Outcome, seconds: float) -> None:
    total = sum(outcome.counts.values())
    print(f"{total} inputs, {len(outcome.findings)} findings, {seconds:.0f} s", flush=True)
    print("  " + ", ".join(f"{reader.name} {outcome.counts[reader.name]}" for reader in chosen), flush=True)


main()
