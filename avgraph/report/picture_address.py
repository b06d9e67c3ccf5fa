"""Pictures as addresses within a page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from avgraph.io.pictures import read_picture
from avgraph.io.reading import check_regular

_LARGE = 150_000  # bytes of a picture from which on it is kept in 256 colours


def picture_address(path: Path) -> str:
    """A picture file as a ``data:`` address; a large PNG in 256 colours.

    Raises:
        DataError: if it is no picture.
    """
    check_regular(path)
    content = path.read_bytes()
    if path.suffix == ".png" and len(content) > _LARGE:
        from PIL import Image

        out = io.BytesIO()
        Image.fromarray(read_picture(path, "RGB")).quantize(256, Image.Quantize.FASTOCTREE).save(
            out, "PNG", optimize=True
        )
        content = min(content, out.getvalue(), key=len)
    kind = "image/png" if path.suffix == ".png" else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
