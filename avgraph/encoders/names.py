"""Encoders of names: hashed n-grams, word vectors, sentence embeddings. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.hub_model import HubModel, ModelName
from avgraph.options.base import EncoderOptions
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Positive

if TYPE_CHECKING:
    import torch_geometric.data


class Hashing(EncoderOptions):
    """The words and the character 3- to 5-grams of the names, hashed: unit rows ``x``, without any download.

    Names are close when they share words or parts of words (``dog`` and ``dogs``); what words mean is not
    known. Equal on every machine and in every process.

    Attributes:
        channels: length of the vectors.

    Shapes:
        name [n] → x [n, channels], unit rows.

    Raises:
        DataError: from ``encode``, if a name has no word.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData(label={"name": ["dog", "dogs", "rain"]})
        >>> x = Hashing(channels=64).encode(data, "label")["label"].x
        >>> bool(x[0] @ x[1] > x[0] @ x[2])
        True
    """

    type: Literal["hashing"] = "hashing"
    channels: Positive = 300

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x``."""
        from avgraph.encoders.hashing import encode

        return encode(self, data, node)


class GloVe(EncoderOptions):
    """Means of the GloVe vectors of the words of the names; unknown words are left out.

    Attributes:
        path: a GloVe text file (``word v1 v2 …`` per line) or an ``.npz`` with ``word`` [v] and ``x`` [v, d]; none
            takes ``$AVGRAPH_DATA/text/glove_6b_50d_vocab.npz``, or else the file in the folder ``glove`` of the user
            cache.

    Shapes:
        name [n] → x [n, d].

    Raises:
        DataError: from ``encode``, if there is no file, it is malformed, or it knows no word of a name.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData(label={"name": ["dog_bark", "rain"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "glove.txt")
        ...     _ = path.write_text("dog 1 0\\nbark 0 1\\nrain 2 2\\n")
        ...     GloVe(path=path).encode(data, "label")["label"].x
        tensor([[0.5000, 0.5000],
                [2.0000, 2.0000]])
    """

    path_keys = ("path",)

    type: Literal["glove"] = "glove"
    path: FilePath | None = None

    def inputs(self) -> Iterator[Input]:
        """The file of word vectors."""
        return named(("path",), self.path, "vectors")

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x``."""
        from avgraph.encoders.glove import encode

        return encode(self, data, node)


class SentenceTransformers(HubModel):
    """Sentence embeddings of the names, by a model of the sentence-transformers library.

    Attributes:
        model: name on the Hugging Face hub, or a folder.

    Shapes:
        name [n] → x [n, d], d as the model has it.

    Raises:
        DataError: from ``encode``, if the library is not installed, the model cannot be loaded, or it gives
            vectors that are not finite.
    """

    type: Literal["sentence_transformers"] = "sentence_transformers"
    model: ModelName = "sentence-transformers/all-MiniLM-L6-v2"

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x``."""
        from avgraph.encoders.pretrained import encode_sentences

        return encode_sentences(self, data, node, context)
