"""What the text encoders share: the names of a node type, and the words of a name."""

from __future__ import annotations

import copy
import unicodedata

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, GraphError
from avgraph.graph.nodes import node_store


def words(text: str) -> list[str]:
    """Lower-case words: runs of letters, digits and the marks on them; everything else separates, ``_`` too.

    Composed first (NFC), so that one word written with composed and with combining accents stays one word.

    Example:
        >>> words("Door_wood_knock, 2×")
        ['door', 'wood', 'knock', '2']
    """
    # `re` counts combining marks as no part of a word, which would cut Devanagari or Thai words apart.
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter).startswith("M") else " "
        for letter in unicodedata.normalize("NFC", text.lower())
    )
    return "".join(kept).split()


def node_names(data: HeteroData, node: str) -> list[str]:
    """``data[node].name``, which a text encoder encodes.

    Raises:
        GraphError: if the node type has no list of names.
        DataError: if a name has no word; the message names the row.

    Example:
        >>> node_names(HeteroData(label={"name": ["dog", "rain"]}), "label")
        ['dog', 'rain']
    """
    store = node_store(data, node)
    if "name" not in store:
        known = ", ".join(sorted(store.keys())) or "nothing"
        raise GraphError(f"node type {node!r} has no 'name', which a text encoder reads; it has: {known}")
    names = list(store["name"])
    if not names:
        raise GraphError(f"node type {node!r} has an empty list 'name': nothing to encode")
    for row, name in enumerate(names):
        if not isinstance(name, str) or not words(name):
            raise DataError(f"{node}.name: row {row}: expected a text with at least one word, got {name!r}")
    return names


def with_features(data: HeteroData, node: str, x: npt.NDArray[np.float32]) -> HeteroData:
    """A shallow copy of ``data`` whose ``data[node].x`` is ``x``.

    Example:
        >>> data = HeteroData(label={"name": ["dog"]})
        >>> with_features(data, "label", np.ones((1, 2), np.float32))["label"].x
        tensor([[1., 1.]])
    """
    data = copy.copy(data)
    data[node].x = torch.from_numpy(x)
    return data
