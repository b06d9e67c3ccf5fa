"""Encoders turn what a node type holds, names or arrays, into feature vectors ``x`` [n, d]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.encoders.clap import CLAP
    from avgraph.encoders.clip import CLIP
    from avgraph.encoders.context import EncodeContext
    from avgraph.encoders.glove import GloVe
    from avgraph.encoders.hashing import Hashing
    from avgraph.encoders.logistic_regression import LogisticRegression
    from avgraph.encoders.logmel_cnn import LogmelCNN
    from avgraph.encoders.logmel_modulation import LogmelModulation
    from avgraph.encoders.precomputed import Precomputed
    from avgraph.encoders.sentence_transformers import SentenceTransformers
    from avgraph.encoders.text_aligned import TextAligned
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
    "Precomputed",
    "SentenceTransformers",
    "TextAligned",
    "Views",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "clap": ["CLAP"],
        "clip": ["CLIP"],
        "context": ["EncodeContext"],
        "glove": ["GloVe"],
        "hashing": ["Hashing"],
        "logistic_regression": ["LogisticRegression"],
        "logmel_cnn": ["LogmelCNN"],
        "logmel_modulation": ["LogmelModulation"],
        "precomputed": ["Precomputed"],
        "sentence_transformers": ["SentenceTransformers"],
        "text_aligned": ["TextAligned"],
        "views": ["Views"],
    },
)
