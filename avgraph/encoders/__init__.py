"""Encoders turn what a node type holds, names or arrays, into feature vectors ``x`` [n, d]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.encoders.classifiers import NeighbourVotes, Perceptron
    from avgraph.encoders.context import EncodeContext
    from avgraph.encoders.into_spaces import CLAP, CLIP, TextAligned
    from avgraph.encoders.log_mels import LogmelCNN, LogmelModulation, LogmelPatches
    from avgraph.encoders.names import GloVe, Hashing, SentenceTransformers
    from avgraph.encoders.pictures import PictureCNN
    from avgraph.encoders.vectors import LogisticRegression, Precomputed
    from avgraph.encoders.views import Views

__all__ = [
    "CLAP",
    "CLIP",
    "EncodeContext",
    "GloVe",
    "Hashing",
    "LogisticRegression",
    "LogmelCNN",
    "LogmelModulation",
    "LogmelPatches",
    "NeighbourVotes",
    "Perceptron",
    "PictureCNN",
    "Precomputed",
    "SentenceTransformers",
    "TextAligned",
    "Views",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "classifiers": ["NeighbourVotes", "Perceptron"],
        "context": ["EncodeContext"],
        "into_spaces": ["CLAP", "CLIP", "TextAligned"],
        "log_mels": ["LogmelCNN", "LogmelModulation", "LogmelPatches"],
        "names": ["GloVe", "Hashing", "SentenceTransformers"],
        "pictures": ["PictureCNN"],
        "vectors": ["LogisticRegression", "Precomputed"],
        "views": ["Views"],
    },
)
