"""The name of an array in a file that holds several."""

from __future__ import annotations

from collections.abc import Iterable

from avgraph.errors import DataError, did_you_mean, shortened

_MOST_LISTED = 20


def known_name(key: str | None, known: Iterable[str]) -> str:
    """The key, if the file has it.

    Raises:
        DataError: if not, or if there is none; the message lists what the file has.

    Example:
        >>> known_name("featrue", ["feature", "label"])
        Traceback (most recent call last):
        avgraph.errors.DataError: no key 'featrue'; did you mean 'feature'? it has: feature, label
    """
    names = sorted(known)
    listed = ", ".join(shortened(name) for name in names[:_MOST_LISTED]) or "none"
    listed += f", … ({len(names)} in all)" if len(names) > _MOST_LISTED else ""
    if key is None:
        raise DataError(f"expected FILE:KEY with one of: {listed}")
    if key not in names:
        close = did_you_mean(key, names)
        raise DataError(f"no key {shortened(key)!r}; {close}{' ' if close else ''}it has: {listed}")
    return key
