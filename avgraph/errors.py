"""Errors that a user can cause; the command line prints their message on one line and exits with 2."""

from __future__ import annotations


class AvgraphError(Exception):
    """Base of every error that names a mistake in what the user gave."""


class ConfigError(AvgraphError):
    """An experiment file, an override or an option is wrong; one line per mistake."""


class DataError(AvgraphError, ValueError):
    """A data file is missing, unreadable or holds values that cannot be used."""


class GraphError(AvgraphError, ValueError):
    """A graph lacks a node type, an edge type or an attribute, or one has the wrong shape."""


class Interrupted(KeyboardInterrupt):
    """A run was stopped by Ctrl-C; the message says how it continues."""


def reason_of(error: BaseException) -> str:
    r"""The first line of what another library's error says, or its type if it says nothing.

    Example:
        >>> reason_of(ValueError("no zip\nmore")), reason_of(EOFError())
        ('no zip', 'EOFError')
    """
    return str(error).splitlines()[0] if str(error) else type(error).__name__
