"""The table of a method in docs/defaults.md.

    python -m benchmarks.defaults --method rrnet                       # everything: an hour on a core
    python -m benchmarks.defaults --method rrnet --sets "made up" --no-grid

Needs the real data (AVGRAPH_DATA).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from benchmarks.defaults import rrnet
from benchmarks.defaults.data import DRAWS, SETS

METHODS = {"rrnet": rrnet.main}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=list(METHODS), required=True)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="some of the sets")
    parser.add_argument("--no-grid", action="store_true", help="the defaults alone")
    parser.add_argument("--draws", type=int, default=DRAWS, help="of every set")
    parser.add_argument("--epochs", type=int, help="default: the method's")
    args = parser.parse_args(argv)
    always = {} if args.epochs is None else {"train.epochs": args.epochs}
    sets = {name: SETS[name] for name in args.sets}
    METHODS[args.method](sets, grid=not args.no_grid, draws=args.draws, always=always)


if __name__ == "__main__":
    main()
