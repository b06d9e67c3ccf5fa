"""The command that maps rows of a space into the connected space of a run."""

from __future__ import annotations

from pathlib import Path

import click

from avgraph.cli.group import QUIET, main
from avgraph.cli.json_output import JSON, embedded_json, show
from avgraph.cli.overwrite import FORCE, may_write


@main.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("rows")
@click.option("--space", required=True, help="Space of the run that ROWS belong to.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="FILE.npy of unit rows.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@QUIET
@FORCE
@JSON
def embed(run: Path, rows: str, space: str, output: Path, device: str, quiet: bool, force: bool, as_json: bool) -> None:
    """Map ROWS (.npy, .npz:key, .parquet:column) of a space into the connected space of a cmcr RUN."""
    from avgraph.io.references import split_reference

    may_write([output], force=force, inputs=[split_reference(rows)[0]])
    from avgraph.cli.printing import print_embedded
    from avgraph.runtime.progress import reporting
    from avgraph.tools.embed import embed_rows

    with reporting(not quiet):
        show(lambda: embed_rows(run, space, rows, output, device=device), as_json, embedded_json, print_embedded)
