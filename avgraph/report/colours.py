"""Colours of classes, node types and splits, far apart for the first ten."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

_TEN = ("#4c78d0", "#e08a2e", "#3f9e5a", "#cf4a4a", "#8a63c4", "#12a5b0", "#c9598f", "#8c7a2b", "#6f7d8c", "#5aa02c")
NONE = "#9aa4b2"


def colour_of(values: Sequence[str]) -> dict[str, str]:
    """A colour for every different value, by their order in the alphabet; grey for an empty one.

    Example:
        >>> colour_of(["dog", "", "cat"])
        {'cat': '#4c78d0', 'dog': '#e08a2e', '': '#9aa4b2'}
    """
    names = sorted({value for value in values if value})
    colours = _TEN if len(names) <= len(_TEN) else [_hue(number, len(names)) for number in range(len(names))]
    return dict(zip(names, colours, strict=False)) | ({"": NONE} if "" in values else {})


def _hue(number: int, count: int) -> str:
    """Around the wheel, light and dark in turn."""
    red, green, blue = colorsys.hls_to_rgb(number / count, (0.45, 0.6, 0.35)[number % 3], 0.55)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
