"""Pictures on disk: whole or absent, the same bytes every time, and with a note where their data need one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from avgraph.errors import DataError
from avgraph.io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOTE: ContextVar[str] = ContextVar("note", default="")


@contextmanager
def noted(note: str) -> Iterator[None]:
    """Every picture saved in the block says ``note`` at its lower edge, such as that its data are made up.

    Example:
        >>> import tempfile
        >>> from matplotlib.figure import Figure
        >>> with tempfile.TemporaryDirectory() as folder, noted("SYNTHETIC data"):
        ...     "SYNTHETIC data" in save_figure(Figure(), f"{folder}/x.svg").read_text()
        True
    """
    token = _NOTE.set(note)
    try:
        yield
    finally:
        _NOTE.reset(token)


@contextmanager
def plain_text() -> Iterator[None]:
    """Text is drawn as it is in the block: a name with two dollar signs is no formula, a letter without a glyph a box.

    Example:
        >>> from matplotlib.figure import Figure
        >>> with plain_text():
        ...     Figure().text(0, 0, "$x$").get_parse_math()
        False
    """
    from matplotlib import rc_context

    with rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        yield


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as ``.png`` or ``.svg``, whole or not at all, and the same bytes every time.

    Text is drawn as it is, see `plain_text`.

    Raises:
        DataError: if the suffix is neither.
    """
    from matplotlib import rc_context
    from matplotlib.text import Text

    path = Path(path)
    if path.suffix.lower() not in (".png", ".svg"):
        raise DataError(f"{path}: expected a picture in .png or .svg")
    if note := _NOTE.get():
        figure.text(0.995, 0.005, note, ha="right", va="bottom", fontsize=8, color="firebrick")
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    # Text stays text in an SVG: it can be searched, and the file is a tenth of the size.
    with (
        plain_text(),
        rc_context({"svg.hashsalt": "avgraph", "svg.fonttype": "none"}),
        atomic_path(path) as temporary,
    ):
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {}
        figure.savefig(temporary, dpi=150, metadata=metadata)
    return path
