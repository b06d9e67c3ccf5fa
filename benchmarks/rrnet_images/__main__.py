"""RR-Net on CIFAR-10 features beside what a practitioner would try: K × near k, what relations give.

    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images baselines  [--labels all 100 10] [--seeds 0 1 2]
    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images grid       [--candidates 3 5 10] [--near 0 5 10 20]
    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_images relations  [--labels 100] [--seeds 0 1 2 3 4]

Settings are those of examples/rrnet_cifar10.yaml, a fifth of the pictures (``--set`` changes them, as of avgraph train;
``--set dataset.keep=1`` takes all). A seed draws the pictures, those to validate on, the labels that are kept
(``--labels``: of a class), the networks and their order. Accuracy in %, mean ± sd over the seeds; what is chosen is
chosen on validation. Scores of training pictures are out of fold, computed once a seed and kept in the user cache.
Needs the features (AVGRAPH_DATA); the nearest neighbours of all 60,000 pictures take some minutes, once.
With ``--keep FOLDER`` a table that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.defaults.tables import cell
from benchmarks.kept import Kept
from benchmarks.paired import cells
from benchmarks.rrnet_images.tables import Rows, baselines, grid, relations
from benchmarks.rrnet_images.world import Measured, Neighbours, World


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=["baselines", "grid", "relations"])
    parser.add_argument("--labels", nargs="+", default=["all"], help="of a class, or all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--candidates", type=int, nargs="+", default=[3, 5, 10])
    parser.add_argument("--near", type=int, nargs="+", default=[0, 5, 10, 20])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of avgraph train")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="rows as they come")
    options = parser.parse_args(argv)
    gridded = partial(grid, candidates=options.candidates, near=options.near)
    tables: Mapping[str, Callable[[World], Rows]] = {"baselines": baselines, "grid": gridded, "relations": relations}
    kept, near = Kept(options.keep), Neighbours()
    for labels in options.labels:
        rows: dict[str, list[Measured]] = {}
        for seed in options.seeds:
            world = World(labels, seed, options.set, near)
            of = {"experiment": world.experiment.to_dict(), "table": options.table}
            for name, measure in tables[options.table](world).items():
                found = kept.numbers({**of, "row": name}, measure)
                rows.setdefault(name, []).append(found)
                print(f"# {labels} {seed} {name}: {found['val/accuracy']:.4f} {found['test/accuracy']:.4f}", flush=True)
        print_table(f"{options.table}, labels of a class: {labels}, seeds {options.seeds}", rows)


def print_table(title: str, rows: Mapping[str, Sequence[Measured]]) -> None:
    """A row a setting, the first of them compared with the others over seeds."""
    head = ("", "val", "test", "ECE", "difference to the first row", "p", "effect size")
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    first: list[float] = []
    for name, found in rows.items():
        test = [one["test/accuracy"] for one in found]
        compared = cells(test, first, scale=100, digits=2) if first else ["", "", ""]
        first = first or test
        values = (cell([one[key] for one in found]) for key in ("val/accuracy", "test/accuracy", "test/ece"))
        print(f"| {' | '.join((name, *values, *compared))} |")


if __name__ == "__main__":
    main()
