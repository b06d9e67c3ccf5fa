"""Names as vectors without any download: signed feature hashing (Weinberger et al., ICML 2009)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.text import node_names, with_features, words
from avgraph.errors import DataError


class Hashing:
    """Encode ``data[node].name`` by the words and the character 3- to 5-grams in it.

    Names are close when they share words or parts of words (``dog`` and ``dogs``); what words mean is not
    known. Equal on every machine and in every process.

    Args:
        channels: length of the vectors.

    Shapes:
        name [n] → x [n, channels], unit rows.

    Raises:
        DataError: from ``encode``, if a name has no word.

    Example:
        >>> data = HeteroData(label={"name": ["dog", "dogs", "rain"]})
        >>> x = Hashing(channels=64).encode(data, "label")["label"].x
        >>> bool(x[0] @ x[1] > x[0] @ x[2])
        True
    """

    def __init__(self, channels: int = 300) -> None:
        if channels < 1:
            raise DataError(f"channels: expected at least 1, got {channels}")
        self.channels = channels

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x``."""
        names = node_names(data, node)
        x = np.stack([hash_text(name, self.channels) for name in names])
        length = np.linalg.norm(x, axis=1, keepdims=True)
        if (length == 0).any():
            row = int(np.flatnonzero(length[:, 0] == 0)[0])
            raise DataError(
                f"{node}.name: row {row}: the hashed features of {names[row]!r} cancel to zero in "
                f"{self.channels} channels; use more channels"
            )
        return with_features(data, node, (x / length).astype(np.float32))

    def __repr__(self) -> str:
        return f"Hashing(channels={self.channels})"


def hash_text(text: str, channels: int) -> npt.NDArray[np.float64]:
    """Sum of ± one entry per word and per character n-gram; all n-grams of a word weigh as much as the word.

    Shapes:
        returns [channels].

    Example:
        >>> hash_text("dog", 8).shape
        (8,)
    """
    x = np.zeros(channels)
    for word in words(text):
        grams = list(_character_ngrams(word))
        for feature in [f"word {word}", *grams]:
            # Python's own hash of a string differs from process to process.
            value = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "little")
            sign = 1.0 if value >> 63 else -1.0
            x[value % channels] += sign if feature.startswith("word ") else sign / len(grams) ** 0.5
    return x


def _character_ngrams(word: str) -> Iterator[str]:
    marked = f"<{word}>"  # marks make the start and the end of a word features of their own
    for size in (3, 4, 5):
        for start in range(len(marked) - size + 1):
            yield f"part {marked[start : start + size]}"
