"""The command `avgraph`, to which the other files of this folder add theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avgraph.cli.option_names import Command
from avgraph.errors import AvgraphError
from avgraph.version import __version__


class _Group(click.Group):
    """A mistake of the user's is its message and exit code 2, never a traceback."""

    command_class = Command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AvgraphError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except OSError as error:  # a file that cannot be read or written
            if error.filename is None:
                raise
            click.echo(f"{error.filename}: {error.strerror}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt as stop:
            click.echo(str(stop) or "stopped", err=True)
            ctx.exit(130)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="avgraph")
def main() -> None:
    """Graph neural networks across audio, images and text, declared in YAML."""


GRAPH_FILE = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="FILE.graphml, .gexf, .json or .parquet."
)
