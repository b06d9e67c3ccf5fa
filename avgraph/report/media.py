"""Pictures and sounds of rows, where the data have them, small enough to stand in a page."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.datasets.base import Dataset
from avgraph.errors import AvgraphError

logger = logging.getLogger(__name__)

_SECONDS, _RATE = 5, 16_000
_BLOCK = 1 << 14  # libsndfile's Vorbis encoder overflows its stack on long blocks
_LONGEST_SIDE = 256


class Media:
    """What rows of a graph look and sound like, as ``data:`` addresses.

    Pictures are those that the graph holds (``picture``), or those that the experiment's data set loads: nothing is
    downloaded for them. Sounds are those that the data set knows by name (`Dataset.listen`).

    Args:
        graph: a learned one.
        experiment: that it is of; None of a graph that no run has made.
        room: bytes that there are for all of them together; what does not fit is left out.
    """

    def __init__(self, graph: HeteroData, experiment: Experiment | None, room: int) -> None:
        self.graph, self.room = graph, room
        self.encoded = set() if experiment is None else set(experiment.encoders)
        self.dataset = None if experiment is None else experiment.dataset

    @cached_property
    def _raw(self) -> HeteroData | None:
        """The data as they were loaded; None where they cannot be had."""
        if self.dataset is None:
            return None
        own: Any = self.dataset
        if hasattr(own, "on_missing"):
            own = own.model_copy(update={"on_missing": [step for step in own.on_missing if step != "download"]})
        try:
            found: HeteroData = own.load()
        except (AvgraphError, OSError) as error:
            logger.warning("report: no pictures of the data: %s", error)
            return None
        return found

    def picture(self, node: str, row: int) -> str | None:
        """A picture of a row: of a sound its log-mels, low frequencies below; None where there is none."""
        value = self._pixels(node, row)
        return None if value is None else self._fitting(picture_address(value))

    def sounds(self, names: Sequence[str]) -> dict[str, str | None]:
        """The sounds of rows by their names, those that there are."""
        found = self.dataset.listen(names) if isinstance(self.dataset, Dataset) else {}
        return {name: self._fitting(ogg(*found[name])) for name in names if name in found}

    def _fitting(self, address: str) -> str | None:
        if len(address) > self.room:
            return None
        self.room -= len(address)
        return address

    def _pixels(self, node: str, row: int) -> npt.NDArray[Any] | None:
        own = self.graph[node].get("picture")
        if isinstance(own, Tensor):
            return own[row].cpu().numpy()
        if node not in self.encoded or self._raw is None or node not in self._raw.node_types:  # else x is as it came
            return None
        raw, mine = self._raw[node].get("x"), self.graph[node]
        place = int(mine["row"][row]) if "row" in mine and len(mine["row"]) != _length(raw) else row
        if not isinstance(raw, Tensor) or raw.ndim not in (3, 4) or place >= len(raw):
            return None
        names, known = mine.get("name"), self._raw[node].get("name")
        if names and known and names[row] != known[place]:
            return None  # the data are not those of the run any more
        value = raw[place].cpu().numpy()
        return value.transpose(1, 2, 0) if value.ndim == 3 else heat(value[::-1])


def _length(value: Any) -> int:
    return len(value) if isinstance(value, Tensor) else -1


def picture_address(value: npt.NDArray[Any]) -> str:
    """Grey [h, w] or RGB [h, w, 3], 8 bits or 0 … 1, as a PNG; a large one in colours as a JPEG.

    Example:
        >>> picture_address(np.zeros((2, 2), dtype=np.uint8))[:22]
        'data:image/png;base64,'
    """
    from PIL import Image

    eight = value if value.dtype == np.uint8 else (255 * np.clip(value, 0, 1)).round().astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(eight))
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    out, kind = io.BytesIO(), "jpeg" if image.mode == "RGB" and min(image.size) > 64 else "png"
    image.save(out, kind, optimize=True, **({"quality": 80} if kind == "jpeg" else {}))
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def heat(value: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """A map [h, w] in colours, from its least to its highest value, as RGB [h, w, 3].

    Example:
        >>> heat(np.array([[0.0, 1.0]])).shape
        (1, 2, 3)
    """
    from matplotlib import colormaps

    number = value.astype(np.float64)
    span = float(np.ptp(number)) or 1.0
    coloured: npt.NDArray[np.uint8] = colormaps["magma"]((number - number.min()) / span, bytes=True)[..., :3]
    return coloured


def ogg(samples: npt.NDArray[np.float32], rate: int) -> str:
    """At most five seconds of one channel [n], as Ogg Vorbis.

    Example:
        >>> ogg(np.zeros(800, dtype=np.float32), 8000)[:22]
        'data:audio/ogg;base64,'
    """
    import soundfile
    import soxr

    short = samples[: _SECONDS * rate]
    if rate > _RATE:
        short, rate = soxr.resample(short, rate, _RATE), _RATE
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, 1, format="OGG", subtype="VORBIS") as file:
        for start in range(0, len(short), _BLOCK):
            file.write(short[start : start + _BLOCK])
    return f"data:audio/ogg;base64,{base64.b64encode(out.getvalue()).decode()}"
