"""Pictures from files: decoded by Pillow, with a cap on how many pixels a header may claim."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from avgraph.errors import DataError
from avgraph.io.reading import reading

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
