"""Encoders turn what a node type holds, names or arrays, into feature vectors ``x`` [n, d]."""

from __future__ import annotations

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.glove import GloVe
from avgraph.encoders.hashing import Hashing
from avgraph.encoders.logmel_cnn import LogmelCNN
from avgraph.encoders.precomputed import Precomputed
from avgraph.encoders.sentence_transformers import SentenceTransformers

__all__ = ["EncodeContext", "GloVe", "Hashing", "LogmelCNN", "Precomputed", "SentenceTransformers"]
