"""Encoders of vectors that are there already: from files or the data set, and class scores of them. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.options.base import EncoderOptions
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Rate

if TYPE_CHECKING:
    import torch_geometric.data


class Precomputed(EncoderOptions):
    """Vectors and scores from files, or, with no file given, those that came with the data set.

    Attributes:
        x: feature vectors, one row per node: ``features.npy``, ``bundle.npz:key``, ``weights.safetensors:key`` or
            ``table.parquet:column``; none keeps ``data[node].x``, which must be features already.
        score: class probabilities, one row per node; none keeps what there is, if anything.

    Shapes:
        x [n, d] and score [n, C], float32.

    Raises:
        DataError: from ``encode``, if a file cannot be read, or what it holds is no finite matrix with one row
            per node; the message names the file and the row.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData(label={"name": ["dog", "rain"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", np.eye(2))
        ...     Precomputed(x=f"{folder}/x.npy").encode(data, "label")["label"].x
        tensor([[1., 0.],
                [0., 1.]])
    """

    path_keys = ("x", "score")

    type: Literal["precomputed"] = "precomputed"
    x: FilePath | None = None
    score: FilePath | None = None

    def inputs(self) -> Iterator[Input]:
        """The files of vectors and of scores."""
        yield from named(("x",), self.x, "numbers")
        yield from named(("score",), self.score, "numbers")

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with ``data[node].x`` and maybe ``data[node].score``."""
        from avgraph.encoders.precomputed import encode

        return encode(self, data, node)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The vectors and scores that further rows come with; those of a file are of the run's own rows."""
        from avgraph.encoders.precomputed import encode_new

        return encode_new(self, data, node)


class LogisticRegression(EncoderOptions):
    """Class scores of the vectors that came with the data set, by logistic regression, out of fold.

    It keeps ``x`` and adds ``score``; every training row is scored by a model that has not seen it.

    Attributes:
        strengths: inverse penalties C to choose among, by training rows that were held out.

    Shapes:
        x [n, d] float; y [n] → score [n, classes], rows of probabilities.

    Raises:
        DataError: from ``encode``, without vectors, classes or training rows, or with a single class.

    Example:
        >>> import torch
        >>> from torch_geometric.data import HeteroData
        >>> x = torch.eye(2).repeat(20, 1)
        >>> data = HeteroData(audio={"x": x, "y": torch.arange(40) % 2, "train_mask": torch.arange(40) < 30})
        >>> LogisticRegression().encode(data, "audio")["audio"].score[30:].argmax(1)
        tensor([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    """

    type: Literal["logistic_regression"] = "logistic_regression"
    strengths: Annotated[list[Rate], Field(min_length=1)] = Field(default=[0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3])

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
        from avgraph.encoders.logistic_regression import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the model of all training rows."""
        from avgraph.encoders.logistic_regression import encode_new

        return encode_new(data, node, learned)
