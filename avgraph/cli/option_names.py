"""Messages of the command line name its options, where those of Python name arguments."""

from __future__ import annotations

import re
from typing import Any

import click

from avgraph.errors import AvgraphError

# "penalty_discount: …" or "epsilon, max_iter: …" at the start, and "its options: alpha, seed" at the end.
_LISTS = (re.compile(r"\A(?P<names>\w+(?:, \w+)*)(?=: )"), re.compile(r"(?<=its options: )(?P<names>\w+(?:, \w+)*)\Z"))
# What a message says to do, and the option that does it.
_ADVICE = {
    "leave them out, or give a ridge": "leave them out (--drop), or give a ridge (--ridge)",
    "leave one out, or give a ridge": "leave one out (--drop), or give a ridge (--ridge)",
    "fewer columns, or give a ridge": "fewer columns (--columns, --drop), or give a ridge (--ridge)",
}


class Command(click.Command):
    """A command whose mistakes are told in the words of its own options."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error of the user's is raised again with the message in these words."""
        try:
            return super().invoke(ctx)
        except AvgraphError as error:
            error.args = (in_options(str(error), self), *error.args[1:])
            raise


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
