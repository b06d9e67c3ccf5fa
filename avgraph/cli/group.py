"""The command `avgraph`, to which the other files of this folder add theirs."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from avgraph.cli.option_names import Command
from avgraph.errors import AvgraphError, Interrupted, line_of
from avgraph.runtime.interrupt import interruptible
from avgraph.version import __version__


class _Group(click.Group):
    """A mistake of the user's is its message and exit code 2, never a traceback."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except OSError as error:  # --help, printed on a full disk
            _tell_os_error(ctx, error)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            os.getcwd()
        except FileNotFoundError:
            click.echo("the working directory does not exist any more; change to one that does", err=True)
            ctx.exit(2)
        try:
            with interruptible():
                return super().invoke(ctx)
        except AvgraphError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)
        except OSError as error:  # a file that cannot be read or written
            _tell_os_error(ctx, error)
        except SystemExit as stop:
            if stop.code not in (0, None):
                raise
            # A user's own component can say this; a run that did not end must not look like one that did.
            click.echo("stopped by a call of sys.exit(0) in code that the experiment names", err=True)
            ctx.exit(2)
        except Interrupted as stop:
            click.echo(str(stop), err=True)
            ctx.exit(stop.exit_code)


def _tell_os_error(ctx: click.Context, error: OSError) -> NoReturn:
    if error.errno == errno.EPIPE:
        raise error  # click ends quietly when a reader such as `head` has gone
    if error.filename is None and not _can_print():
        error.filename = "standard output"
    click.echo(line_of(error), err=True)
    ctx.exit(2)


def _can_print() -> bool:
    """Whether standard output takes more; if not, it is let go, or Python would fail on it again at exit."""
    try:
        sys.stdout.flush()
        os.write(1, b"\n")  # a line was cut off, so that one more end of a line does no harm
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return False
    return True


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="avgraph")
def main() -> None:
    """Graph neural networks across audio, images and text, declared in YAML."""


QUIET = click.option("--quiet", is_flag=True, help="No progress on standard error.")
GRAPH_FILE = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="FILE.graphml, .gexf, .json or .parquet."
)
