"""Names as vectors without any download: signed feature hashing (Weinberger et al., ICML 2009)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
from torch_geometric.data import HeteroData

from avgraph.encoders.names import Hashing
from avgraph.encoders.text import node_names, with_features, words
from avgraph.errors import DataError


def encode(options: Hashing, data: HeteroData, node: str) -> HeteroData:
    """A shallow copy of ``data`` with ``data[node].x``, unit rows."""
    names = node_names(data, node)
    x = np.stack([hash_text(name, options.channels) for name in names])
    length = np.linalg.norm(x, axis=1, keepdims=True)
    if (length == 0).any():
        row = int(np.flatnonzero(length[:, 0] == 0)[0])
        raise DataError(
            f"{node}.name: row {row}: the hashed features of {names[row]!r} cancel to zero in "
            f"{options.channels} channels; use more channels"
        )
    return with_features(data, node, (x / length).astype(np.float32))


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
