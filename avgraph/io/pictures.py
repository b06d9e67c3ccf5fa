"""Pictures on disk: decoded with a cap on their pixels; written whole or not at all, the same bytes every time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import UInt8

from avgraph.errors import DataError
from avgraph.io.files import atomic_path
from avgraph.io.reading import reading

if TYPE_CHECKING:
    from matplotlib.figure import Figure


MOST_PIXELS = 64 << 20
Mode = Literal["RGB", "RGBA", "mask"]


def read_picture(path: str | Path, mode: Mode, size: int | None = None) -> UInt8[np.ndarray, "h w *channels"]:
    """Read a PNG or JPEG, turned the way its camera was held.

    Args:
        path: the file.
        mode: colours, colours and alpha, or a mask: 1 where a palette's index or a grey level is not 0.
        size: height and width to bring it to; masks keep their values (nearest pixel).

    Raises:
        DataError: if it is missing, no picture, or claims more than 64 million pixels.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("P", (4, 2), 3).save(f"{folder}/mask.png")
        ...     read_picture(f"{folder}/mask.png", "mask").tolist()
        [[1, 1, 1, 1], [1, 1, 1, 1]]
    """
    from PIL import Image, ImageOps

    with reading(path, "picture"), Image.open(path) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise DataError(f"{path}: {opened.width} × {opened.height} pixels; more than {MOST_PIXELS} are refused")
        if mode == "mask":
            # A palette's index says which object; its colour means nothing.
            image = opened if opened.mode in ("P", "1", "L", "I", "I;16") else opened.convert("L")
            image = Image.fromarray((np.asarray(image) != 0).astype(np.uint8))
        else:
            image = ImageOps.exif_transpose(opened).convert(mode)  # as a camera was held
        if size is not None and image.size != (size, size):
            how = Image.Resampling.NEAREST if mode == "mask" else Image.Resampling.BILINEAR
            image = image.resize((size, size), how)
        return np.asarray(image, dtype=np.uint8)


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
