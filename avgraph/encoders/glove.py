"""Names as mean GloVe vectors (Pennington, Socher and Manning, EMNLP 2014)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from torch_geometric.data import HeteroData

from avgraph.encoders.names import GloVe
from avgraph.encoders.text import node_names, with_features, words
from avgraph.errors import DataError, first_few
from avgraph.io.arrays import read_array
from avgraph.io.cache import cache_folder
from avgraph.io.reading import reading

_LOG = logging.getLogger(__name__)

Vectors = dict[str, npt.NDArray[np.float32]]


def encode(options: GloVe, data: HeteroData, node: str) -> HeteroData:
    """A shallow copy of ``data`` with ``data[node].x``, the means of the vectors of words that are known."""
    names = node_names(data, node)
    name_words = [words(name) for name in names]
    path = find_glove() if options.path is None else Path(options.path)
    vectors = read_glove(path, {word for name in name_words for word in name})
    missing = sorted({word for name in name_words for word in name if word not in vectors})
    if missing:
        _LOG.warning("%s: %d words of %s.name not found: %s", path, len(missing), node, first_few(missing, 10))
    rows = []
    for row, name in enumerate(name_words):
        known = [vectors[word] for word in name if word in vectors]
        if not known:
            raise DataError(
                f"{node}.name: row {row}: {path} knows no word of {names[row]!r}; "
                "rename it, use another file, or the encoder 'hashing', which takes any word"
            )
        rows.append(np.mean(known, axis=0, dtype=np.float64))
    return with_features(data, node, np.stack(rows).astype(np.float32))


def find_glove() -> Path:
    """The GloVe file of this machine: below ``$AVGRAPH_DATA``, or else in the user cache.

    Raises:
        DataError: if there is none, or the cache has several to choose from.
    """
    root = os.environ.get("AVGRAPH_DATA")
    shipped = Path(root or "$AVGRAPH_DATA", "text", "glove_6b_50d_vocab.npz")
    if root and shipped.is_file():
        return shipped
    folder = cache_folder("glove")
    cached = sorted(path for pattern in ("*.npz", "*.txt") for path in folder.glob(pattern))
    if len(cached) > 1:
        raise DataError(f"{folder}: expected one GloVe file, found {len(cached)}; choose one with glove: path")
    if not cached:
        looked = f"{shipped}{'' if root else ' (AVGRAPH_DATA is not set)'} and {folder}/*.npz, *.txt"
        raise DataError(
            f"no GloVe vectors; looked for {looked}. Give glove: path (files: "
            "https://nlp.stanford.edu/projects/glove), or use the encoder 'hashing', which needs no file"
        )
    return cached[0]


def read_glove(path: Path, needed: Iterable[str]) -> Vectors:
    """The vectors of the ``needed`` words that the file has; of a word that occurs twice, the first.

    A text file is read line by line, and no further than the last word needed.

    Raises:
        DataError: if the file is missing or malformed; the message names the line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "glove.txt")
        ...     _ = path.write_text("the 0 0\\ndog 1 0\\n")
        ...     read_glove(path, ["dog", "unicorn"])
        {'dog': array([1., 0.], dtype=float32)}
    """
    if not path.is_file():
        raise DataError(f"{path}: no such GloVe file; without one, use the encoder 'hashing'")
    vectors = (_read_npz if path.suffix == ".npz" else _read_text)(path, set(needed))
    for word, vector in vectors.items():
        if not np.isfinite(vector).all():
            raise DataError(f"{path}: the vector of {word!r} is not finite")
    return vectors


def _read_npz(path: Path, needed: set[str]) -> Vectors:
    word, x = read_array(f"{path}:word"), read_array(f"{path}:x")
    if word.ndim != 1 or word.dtype.kind != "U" or x.ndim != 2 or x.dtype.kind != "f" or len(word) != len(x):
        raise DataError(
            f"{path}: expected word [v] of text and x [v, d] of floating point, "
            f"got {word.dtype} {list(word.shape)} and {x.dtype} {list(x.shape)}"
        )
    vectors: Vectors = {}
    for row in np.flatnonzero(np.isin(word, sorted(needed))):
        vectors.setdefault(str(word[row]), x[row].astype(np.float32))
    return vectors


def _read_text(path: Path, needed: set[str]) -> Vectors:
    vectors: Vectors = {}
    channels = 0
    # The published files have words of other separators (U+0085): only "\n" ends a line. Words with broken
    # bytes exist too, but no name can ask for one.
    with reading(path, "GloVe"), path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            word, _, rest = line.rstrip().partition(" ")
            if number == 1:
                channels = len(rest.split(" ")) if rest else 0
                if channels == 1 and word.isdecimal() and rest.isdecimal():
                    channels = int(rest)  # word2vec's first line: number of words and channels
                    continue
            if number > 1 and word not in needed:
                continue
            values = _floats(rest)
            if values is None or len(values) != channels or not channels:
                # The 840B file has entries of several words, "at name@domain.com 0.1 …": none of ours.
                if number > 1 and len(rest.split(" ")) > channels:
                    continue
                expected = f"a word and {channels} numbers" if channels else "'word v1 v2 …'"
                raise DataError(f"{path}: line {number}: expected {expected}, got {line.rstrip()[:60]!r}")
            if word in needed:
                vectors.setdefault(word, values)
            if len(vectors) == len(needed):
                break
    if not channels:
        raise DataError(f"{path}: expected a GloVe text file, 'word v1 v2 …' per line; this file is empty")
    return vectors


def _floats(text: str) -> npt.NDArray[np.float32] | None:
    try:
        return np.array(text.split(" "), dtype=np.float32)
    except ValueError:
        return None
