"""Names as sentence embeddings (Reimers and Gurevych, EMNLP 2019); needs ``pip install "avgraph[text]"``."""

from __future__ import annotations

import sys

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.text import node_names, with_features
from avgraph.errors import DataError


class SentenceTransformers:
    """Encode ``data[node].name`` by a model of the ``sentence-transformers`` library.

    Args:
        model: name on the Hugging Face hub, or a folder.

    Shapes:
        name [n] → x [n, d], d as the model has it.

    Raises:
        DataError: from ``encode``, if the library is not installed, the model cannot be loaded, or it gives
            vectors that are not finite.
    """

    def __init__(self, model: str = "sentence-transformers/all-MiniLM-L6-v2") -> None:
        self.model = model

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x``."""
        names = node_names(data, node)
        try:
            from sentence_transformers import SentenceTransformer  # seconds to import: only when it is used
        except ImportError as error:
            raise DataError(
                f'the encoder sentence_transformers needs: pip install "avgraph[text]" ({error}); '
                "the encoder 'hashing' needs nothing"
            ) from error
        try:
            model = SentenceTransformer(self.model, device=context.device)
        except (OSError, ValueError) as error:  # what the hub raises offline and for unknown names
            reason = str(error).strip().split("\n")[0]
            raise DataError(f"model {self.model!r} cannot be loaded: {reason}") from error
        # The class names of data sets write "_" for a space; case and punctuation are the model's to judge.
        texts = [name.replace("_", " ") for name in names]
        bar = not context.quiet and sys.stderr.isatty()
        encoded = model.encode(texts, convert_to_numpy=True, show_progress_bar=bar)
        x = np.array(encoded, dtype=np.float32)
        if x.ndim != 2 or len(x) != len(names):
            raise DataError(f"model {self.model!r}: expected vectors [{len(names)}, d], got {list(x.shape)}")
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
            raise DataError(f"{node}.name: row {row}: model {self.model!r} gives NaN for {names[row]!r}")
        return with_features(data, node, x)

    def __repr__(self) -> str:
        return f"SentenceTransformers(model={self.model!r})"
