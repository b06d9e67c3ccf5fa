"""Commands about data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from avgraph.cli.group import QUIET, main
from avgraph.cli.json_output import JSON, catalog_json, show, status_json

if TYPE_CHECKING:
    from avgraph.datasets.base import DatasetStatus


@main.group()
def data() -> None:
    """Data sets: what is there, and fetching what is not."""


@data.command("list")
@JSON
def data_list(as_json: bool) -> None:
    """All built-in data sets: whether each is there, and what it is."""
    from avgraph.tools.catalog import described

    show(described, as_json, catalog_json, _print_list)


@data.command("show")
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path), help="Folder to look in.")
@JSON
def data_show(name: str, root: Path | None, as_json: bool) -> None:
    """Where data set NAME was found and what it holds."""
    from avgraph.tools.catalog import describe

    show(lambda: describe(name, root), as_json, status_json, lambda status: click.echo(str(status)))


@data.command("fetch")
@click.argument("name")
@QUIET
def data_fetch(name: str, quiet: bool) -> None:
    """Download data set NAME into the user cache, checked and resumable."""
    from avgraph.runtime.progress import reporting
    from avgraph.tools.catalog import fetch

    with reporting(not quiet):
        folder = fetch(name)
    click.echo(str(folder))


def _print_list(found: list[DatasetStatus]) -> None:
    width = max(len(status.name) for status in found)
    for status in found:
        click.echo(f"{status.name:<{width}}  {status.source:<9}  {status.what}")
