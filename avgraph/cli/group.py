"""The command `avgraph`, to which the other files of this folder add theirs."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import click

from avgraph.errors import AvgraphError, Interrupted, line_of
from avgraph.runtime.interrupt import interruptible
from avgraph.version import __version__


class _Group(click.Group):
    """A mistake of the user's is its message and exit code 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with interruptible():
                return super().invoke(ctx)
        except AvgraphError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except OSError as error:  # a file that cannot be read or written
            if error.errno == errno.EPIPE:  # nobody reads the output any more: click's to answer
                raise
            click.echo(line_of(error), err=True)
            ctx.exit(2)
        except Interrupted as stop:
            click.echo(str(stop), err=True)
            ctx.exit(stop.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="avgraph")
def main() -> None:
    """Graph neural networks across audio, images and text, declared in YAML."""


QUIET = click.option("--quiet", is_flag=True, help="No progress on standard error.")
GRAPH_FILE = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="FILE.graphml, .gexf, .json or .parquet."
)
