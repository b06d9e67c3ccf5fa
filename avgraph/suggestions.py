"""Names in messages: the one that a mistyped word may have meant, and the first few of many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'lr'?`` or nothing; upper and lower case are the same.

    Example:
        >>> did_you_mean("hiden_channels", ["hidden_channels", "dropout"])
        "did you mean 'hidden_channels'?"
        >>> did_you_mean("zzz", ["hidden_channels"])
        ''
    """
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower()[:100], by_lower, n=1)  # the time of a comparison grows with the length
    return f"did you mean {by_lower[close[0]]!r}?" if close else ""


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
