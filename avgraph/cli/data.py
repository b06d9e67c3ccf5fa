"""Commands about data sets."""

from __future__ import annotations

from pathlib import Path

import click

from avgraph.cli.group import QUIET, main
from avgraph.cli.json_output import JSON, show, status_json


@main.group()
def data() -> None:
    """Data sets: what is there, and fetching what is not."""


@data.command("show")
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path), help="Folder to look in.")
@JSON
def data_show(name: str, root: Path | None, as_json: bool) -> None:
    """Where data set NAME was found and what it holds."""
    from avgraph.datasets.catalog import describe

    show(lambda: describe(name, root), as_json, status_json, lambda status: click.echo(str(status)))


@data.command("fetch")
@click.argument("name")
@QUIET
def data_fetch(name: str, quiet: bool) -> None:
    """Download data set NAME into the user cache, checked and resumable."""
    from avgraph.datasets.catalog import fetch
    from avgraph.runtime.progress import reporting

    with reporting(not quiet):
        folder = fetch(name)
    click.echo(str(folder))
