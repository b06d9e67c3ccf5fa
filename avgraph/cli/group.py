"""The command `avgraph`, to which the other files of this folder add theirs."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

from avgraph.errors import AvgraphError, DataError, Interrupted, line_of
from avgraph.runtime.interrupt import interruptible
from avgraph.version import __version__

# "penalty_discount: …" or "epsilon, max_iter: …" at the start, and "its options: alpha, seed" at the end.
_LISTS = (re.compile(r"\A(?P<names>\w+(?:, \w+)*)(?=: )"), re.compile(r"(?<=its options: )(?P<names>\w+(?:, \w+)*)\Z"))
# What a message says to do, and the option that does it.
_ADVICE = {
    "leave them out, or give a ridge": "leave them out (--drop), or give a ridge (--ridge)",
    "leave one out, or give a ridge": "leave one out (--drop), or give a ridge (--ridge)",
    "fewer columns, or give a ridge": "fewer columns (--columns, --drop), or give a ridge (--ridge)",
}


_OVERRIDE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*=")


class Command(click.Command):
    """A command whose mistakes are told in the words of its own options; ``--set`` takes several values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take them apart; ``--set A=1 B=2`` is ``--set A=1 --set B=2``."""
        takes_overrides = any("--set" in parameter.opts for parameter in self.params)
        return super().parse_args(ctx, each_set(args) if takes_overrides else args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error of the user's is raised again with the message in these words."""
        try:
            return super().invoke(ctx)
        except AvgraphError as error:
            error.args = (in_options(str(error), self), *error.args[1:])
            raise


def each_set(args: Iterable[str]) -> list[str]:
    """The words of a command line with a ``--set`` before every override that follows one.

    Example:
        >>> each_set(["a.yaml", "--set", "seed=1", "train.epochs=5", "--quiet", "b=c"])
        ['a.yaml', '--set', 'seed=1', '--set', 'train.epochs=5', '--quiet', 'b=c']
    """
    found: list[str] = []
    follows = False  # whether the word stands behind an override
    for word in args:
        is_value = bool(found) and found[-1] == "--set"
        if follows and not is_value and _OVERRIDE.match(word):
            found.append("--set")
            is_value = True
        found.append(word)
        follows = is_value or word.startswith("--set=")
    return found


def in_options(message: str, command: click.Command) -> str:
    """A message with the names of arguments turned into those of the command's options; anything else stays.

    Example:
        >>> command = click.Command("c", params=[click.Option(["--penalty-discount"], type=float)])
        >>> in_options("penalty_discount: expected a number above 0, got -1", command)
        '--penalty-discount: expected a number above 0, got -1'
    """
    options = {
        parameter.name: max(parameter.opts, key=len)
        for parameter in command.params
        if parameter.param_type_name == "option"
    }

    def renamed(found: re.Match[str]) -> str:
        return ", ".join(options.get(name, name) for name in found["names"].split(", "))

    for pattern in _LISTS:
        message = pattern.sub(renamed, message)
    if "ridge" in options:
        for advice, with_options in _ADVICE.items():
            message = message.replace(advice, with_options)
    return message


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


EXPERIMENT = click.argument("experiment", type=click.Path(path_type=Path))
RUN = click.argument("run", type=click.Path(path_type=Path))
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override, e.g. train.epochs=5.")
FORCE = click.option("--force", is_flag=True, help="Overwrite files that exist, without a question.")


def may_write(outputs: Iterable[Path], *, force: bool, inputs: Iterable[str | Path] = ()) -> None:
    """Ask on a terminal whether existing files may be overwritten; without one, they may not unless ``force``.

    Raises:
        DataError: if they may not, or one of them is an input, which is never overwritten.
    """
    there = [path for path in outputs if path.exists()]
    for path in there:
        if any(Path(given).exists() and path.samefile(given) for given in inputs):
            raise DataError(f"{path}: is the input; choose another name")
    if not there or force:
        return
    more = f" and {len(there) - 1} more" if len(there) > 1 else ""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DataError(f"{there[0]}{more}: already there; --force overwrites")
    if not click.confirm(f"{there[0]}{more}: already there; overwrite?", err=True):
        raise DataError(f"{there[0]}{more}: kept; nothing was done")
