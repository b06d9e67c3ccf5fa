"""The table of a method in docs/defaults.md.

    python -m benchmarks.defaults --method rrnet                       # everything: an hour on a core
    python -m benchmarks.defaults --method rrnet --sets "made up" --no-grid

Needs the real data (AVGRAPH_DATA).
"""

from __future__ import annotations

import argparse

from benchmarks.defaults import rrnet
from benchmarks.defaults.data import SETS

METHODS = {"rrnet": rrnet.main}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=list(METHODS), required=True)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="some of the sets")
    parser.add_argument("--no-grid", action="store_true", help="the defaults alone")
    args = parser.parse_args()
    METHODS[args.method]({name: SETS[name] for name in args.sets}, grid=not args.no_grid)
