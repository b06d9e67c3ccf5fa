"""Names as a picture has room for."""

from __future__ import annotations

from collections.abc import Sequence


def short_names(names: Sequence[str], most: int = 32) -> list[str]:
    """Names without the words that all begin with, cut to ``most`` letters; a bare number keeps the word before it.

    Example:
        >>> short_names(["This is a sound of dog", "This is a sound of a door"]), short_names(["a long name"], most=6)
        (['dog', 'a door'], ['a lon…'])
        >>> short_names(["a caption 7", "a caption 8"])
        ['caption 7', 'caption 8']
    """
    shared = 0
    if len(set(names)) > 1:
        for column in zip(*(name.split() for name in names), strict=False):
            if len(set(column)) > 1:
                break
            shared += 1
    if shared and any(name.split()[shared:] and name.split()[shared].isdigit() for name in names):
        shared -= 1
    kept = [" ".join(name.split()[shared:]) or name for name in names]
    return [name if len(name) <= most else f"{name[: most - 1]}…" for name in kept]
