"""Embeddings and class scores of raw pictures by a network fitted on the training pictures. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.options.base import EncoderOptions
from avgraph.options.values import NonNegative, Positive, Rate, Seed

if TYPE_CHECKING:
    import torch_geometric.data


class PictureCNN(EncoderOptions):
    """Embeddings and class probabilities of small pictures by a ResNet18 fitted on the training pictures, for a GPU.

    ResNet18 (He et al., CVPR 2016) as for CIFAR: a first convolution of 3 × 3 without stride and no pooling after it.
    One network is fitted on all training pictures and one on each four of five inner folds: a training picture is
    scored by the one that has not seen it, and its embedding carried into the space of the first.

    Attributes:
        width: channels of the first stage; 64 is ResNet18, whose embeddings have 512.
        epochs: passes over the pictures, each time shifted by up to 4 pixels and, by the toss of a coin, mirrored.
        batch_size: pictures a step.
        lr: largest learning rate of one cycle of SGD with momentum .9.
        weight_decay: of SGD.
        seed: of weights, order and shifts; none takes that of the run.

    Shapes:
        x uint8 [n, 3, height, width]; y [n] → x float32 [n, 8 width], score [n, classes], rows of probabilities.

    Raises:
        DataError: from ``encode``, without pictures, classes or training rows, or with a single class.

    Example:
        >>> PictureCNN(width=16, epochs=2).epochs
        2
    """

    reads = 4, "pictures [n, 3, height, width]"

    type: Literal["picture_cnn"] = "picture_cnn"
    width: Positive = 64
    epochs: Positive = 30
    batch_size: Annotated[int, Field(ge=2)] = 128
    lr: Rate = 0.1
    weight_decay: NonNegative = 5e-4
    seed: Seed | None = None

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A shallow copy of ``data`` whose ``node`` store holds embeddings and scores."""
        from avgraph.encoders.picture_cnn import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the network of all training rows."""
        from avgraph.encoders.picture_cnn import encode_new

        return encode_new(self, data, node, learned, context)
