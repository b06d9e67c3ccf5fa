"""Errors that a user can cause; the command line prints their message on one line and exits with 2."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class AvgraphError(Exception):
    """Base of every error that names a mistake in what the user gave."""


class ConfigError(AvgraphError, ValueError):
    """An experiment file, an override or an option is wrong; one line per mistake."""


class DataError(AvgraphError, ValueError):
    """A data file is missing, unreadable or holds values that cannot be used."""


class GraphError(AvgraphError, ValueError):
    """A graph lacks a node type, an edge type or an attribute, or one has the wrong shape."""


class Interrupted(KeyboardInterrupt):
    """Work was stopped by Ctrl-C, SIGTERM or SIGHUP; the message says how it continues.

    Example:
        >>> Interrupted("stopped", signal.SIGTERM).exit_code
        143
    """

    def __init__(self, message: str = "stopped", signal_number: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.signal = signal_number

    @property
    def exit_code(self) -> int:
        """What a shell gives for a process that ended by the signal."""
        return 128 + self.signal


LONGEST_REASON = 300


def one_line(text: str) -> str:
    r"""Escape what would break a line or cannot be printed.

    Example:
        >>> one_line("a\nb")
        'a\\nb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def reason_of(error: BaseException) -> str:
    r"""The first line of what another library's error says, shortened, or its type if it says nothing.

    Example:
        >>> reason_of(ValueError("no zip\nmore")), reason_of(EOFError())
        ('no zip', 'EOFError')
    """
    try:
        lines = str(error).splitlines()
    except UnicodeError:  # pybind cannot decode every message
        lines = []
    first = next((line.strip() for line in lines if line.strip()), type(error).__name__)
    return shortened(one_line(first), LONGEST_REASON)


def line_of(error: OSError) -> str:
    """What the system says went wrong, after the file where one is named.

    Example:
        >>> line_of(OSError(28, "No space left on device", "graph.pt"))
        'graph.pt: No space left on device'
    """
    reason = error.strerror or reason_of(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"


def shortened(text: str, longest: int = 60) -> str:
    """The text, or its beginning and three dots.

    Example:
        >>> shortened("abcdefgh", 6)
        'abc...'
    """
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'lr'?`` or nothing; upper and lower case are the same.

    Example:
        >>> did_you_mean("hiden_channels", ["hidden_channels", "dropout"])
        "did you mean 'hidden_channels'?"
        >>> did_you_mean("zzz", ["hidden_channels"])
        ''
    """
    close = closest(word, known)
    return "" if close is None else f"did you mean {close!r}?"


def closest(word: str, known: Iterable[str]) -> str | None:
    """The name that may have been meant, or nothing; upper and lower case are the same.

    Example:
        >>> closest("kk", ["node", "k"]), closest("zzz", ["node", "k"])
        ('k', None)
    """
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower()[:100], by_lower, n=1)  # the time of a comparison grows with the length
    return by_lower[close[0]] if close else None


def hint(word: str, known: Iterable[str], intro: str) -> str:
    """The name that may have been meant, and all that there are, for the end of a message.

    Example:
        >>> hint("audo", ["audio", "label"], "the graph has")
        "did you mean 'audio'? the graph has: audio, label"
    """
    names = sorted(known)
    close = did_you_mean(word, names)
    return f"{close}{' ' if close else ''}{intro}: {', '.join(names) or 'nothing'}"


def first_few(values: Sequence[object], count: int = 5) -> str:
    """The first values of a list that may be long, and how many follow.

    Example:
        >>> first_few(range(8)), first_few(["a", "b"])
        ('0, 1, 2, 3, 4 and 3 more', 'a, b')
    """
    rest = len(values) - count
    return ", ".join(map(str, values[:count])) + (f" and {rest} more" if rest > 0 else "")
