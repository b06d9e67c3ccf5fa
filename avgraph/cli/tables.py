"""Commands that make a graph of tables of numbers, without training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from avgraph.cli.group import FORCE, GRAPH_FILE, QUIET, main, may_write
from avgraph.cli.json_output import JSON, discovery_json, matching_json, show


@main.command()
@click.argument("table", type=click.Path(path_type=Path))
@GRAPH_FILE
@click.option(
    "--algorithm", type=click.Choice(["grasp", "boss", "ges", "pc", "exact"]), default="grasp", show_default=True
)
@click.option("--penalty-discount", type=float, help="Weight of log n per edge; higher gives fewer edges.")
@click.option("--alpha", type=float, help="Level of the tests of pc.")
@click.option("--restarts", type=int, help="Random starts.")
@click.option("--perturbations", type=int, help="Times to begin anew near the best of grasp.")
@click.option("--seed", type=int, help="Seed of the starts.")
@click.option("--time-limit", type=float, help="Seconds after which the best graph so far is taken.")
@click.option("--ridge", type=float, help="Share of its variance added to each column, for collinear columns.")
@click.option("--bootstraps", default=0, show_default=True, help="Resamples to count edges over, and to agree on.")
@click.option("--forbid", "forbidden", nargs=2, multiple=True, metavar="PARENT CHILD", help="No such edge.")
@click.option("--require", "required", nargs=2, multiple=True, metavar="PARENT CHILD", help="Such an edge.")
@click.option("--picture", type=click.Choice(["png", "svg"]), default="png", show_default=True, help="Of the pictures.")
@click.option("--node", help="Node type, of a run.")
@click.option("--attribute", help="What of its nodes, of a run: score, embedding, ….")
@click.option(
    "--columns", multiple=True, metavar="A,B", help="Only these columns, by name or pattern such as 'mfcc_*'."
)
@click.option("--drop", multiple=True, metavar="A,B", help="Not these columns.")
@QUIET
@FORCE
@JSON
def discover(
    table: Path,
    output: Path,
    columns: tuple[str, ...],
    drop: tuple[str, ...],
    quiet: bool,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Learn a dependency graph over the columns of TABLE (.csv, .npy, .npz, .parquet), or of the nodes of a run."""
    from avgraph.tools.discover import discover_table, output_files

    files = output_files(output, picture=options["picture"], bootstraps=options["bootstraps"])
    may_write(files, force=force, inputs=[table])
    from avgraph.cli.printing import print_discovery
    from avgraph.runtime.progress import counted, reporting

    with reporting(not quiet), counted(None, "discovering a graph"):
        show(
            lambda: discover_table(table, output, columns=_listed(columns), drop=_listed(drop), **options),
            as_json,
            discovery_json,
            print_discovery,
        )


def _listed(words: tuple[str, ...]) -> list[str]:
    """``a,b`` → ``["a", "b"]``; with a backslash before it, a comma is part of a name."""
    parts = [part.replace("\\,", ",").strip() for word in words for part in re.split(r"(?<!\\),", word)]
    return [part for part in parts if part]


@main.command()
@click.argument("source")
@click.argument("target")
@GRAPH_FILE
@click.option(
    "--solver",
    type=click.Choice(["sinkhorn", "partial", "emd", "unbalanced"]),
    default="sinkhorn",
    show_default=True,
)
@click.option("--mass", type=float, help="Share of all mass that partial moves.")
@click.option("--epsilon", type=float, help="Entropic regularisation.")
@click.option("--marginal-penalty", type=float, help="Of unbalanced.")
@click.option("--threshold", type=float, help="Least mass of an edge, as a share of 1/max(n, m).")
@click.option("--unit-rows/--raw-rows", default=None, help="Whether rows are scaled to length 1 first.")
@click.option("--max-iter", type=int, help="Iterations before giving up.")
@click.option("--source-names", help="One name per row of SOURCE (.txt, .npy, …).")
@click.option("--target-names", help="One name per row of TARGET.")
@QUIET
@FORCE
@JSON
def match(source: str, target: str, output: Path, quiet: bool, force: bool, as_json: bool, **options: Any) -> None:
    """Couple the rows of two tables, SOURCE and TARGET (.npy, .npz:key, .parquet:column), by optimal transport."""
    from avgraph.io.references import split_reference

    may_write([output], force=force, inputs=[split_reference(given)[0] for given in (source, target)])
    from avgraph.cli.printing import print_matching
    from avgraph.runtime.progress import reporting
    from avgraph.tools.match import match_tables

    with reporting(not quiet):
        show(lambda: match_tables(source, target, output, **options), as_json, matching_json, print_matching)
