"""Class scores of vectors that are there already, by a perceptron or by the votes of near rows. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.options.base import EncoderOptions
from avgraph.options.values import Fraction, NonNegative, Positive, Rate, Seed

if TYPE_CHECKING:
    import torch_geometric.data


class Perceptron(EncoderOptions):
    """Class scores of the vectors that came with the data set, by a perceptron with one hidden layer, out of fold.

    One network is fitted for each of five inner folds of the training rows, on the other four. A training row is scored
    by the one that has not seen it, any other row by the mean of all. It keeps ``x`` and adds ``score``.

    Attributes:
        hidden_channels: width of the hidden layer.
        epochs: passes over the rows.
        batch_size: rows a step.
        lr: largest learning rate of one cycle.
        weight_decay: of AdamW.
        input_dropout: of the features.
        dropout: of the hidden layer.
        mixup: α of the Beta distribution that blends rows and their labels; 0 leaves them be.
        seed: of weights, order and dropout; none takes that of the run.

    Shapes:
        x [n, d] float; y [n] → score [n, classes], rows of probabilities.

    Raises:
        DataError: from ``encode``, without vectors, classes or training rows, or with a single class.

    Example:
        >>> import torch
        >>> from torch_geometric.data import HeteroData
        >>> x = torch.eye(2).repeat(20, 1)
        >>> data = HeteroData(audio={"x": x, "y": torch.arange(40) % 2, "train_mask": torch.arange(40) < 30})
        >>> perceptron = Perceptron(hidden_channels=8, epochs=20, batch_size=8, lr=0.05)
        >>> perceptron.encode(data, "audio")["audio"].score[30:].argmax(1)[:4]
        tensor([0, 1, 0, 1])
    """

    type: Literal["perceptron"] = "perceptron"
    hidden_channels: Positive = 1024
    epochs: Positive = 10
    batch_size: Annotated[int, Field(ge=2)] = 512
    lr: Rate = 0.004
    weight_decay: NonNegative = 0.01
    input_dropout: Fraction = 0.1
    dropout: Fraction = 0.5
    mixup: NonNegative = 0.0
    seed: Seed | None = None

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
        from avgraph.encoders.perceptron import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the mean of all networks."""
        from avgraph.encoders.perceptron import encode_new

        return encode_new(self, data, node, learned, context)


class NeighbourVotes(EncoderOptions):
    """Class scores by the votes of the nearest training rows, each weighed by exp(cosine similarity / temperature).

    The similarities are of centred rows: the mean of the training rows is taken off first. So that the score of a
    training row is out of fold, neither itself nor one of its published fold or recording (``source_file``) has a
    vote on it. It keeps ``x`` and adds ``score``.

    Attributes:
        k: training rows that vote.
        temperature: of their weights; a large one makes them equal.
        smoothing: votes that every class has beside them, of k in all.

    Shapes:
        x [n, d] float; y [n] → score [n, classes], rows of probabilities.

    Raises:
        DataError: from ``encode``, without vectors, classes or, beside any fold or recording, k training rows, or
            with a row that is their mean, which has no direction.

    Example:
        >>> import torch
        >>> from torch_geometric.data import HeteroData
        >>> x = torch.eye(2).repeat(20, 1)
        >>> data = HeteroData(audio={"x": x, "y": torch.arange(40) % 2, "train_mask": torch.arange(40) < 30})
        >>> NeighbourVotes(k=3).encode(data, "audio")["audio"].score[30:].argmax(1)[:4]
        tensor([0, 1, 0, 1])
    """

    type: Literal["neighbour_votes"] = "neighbour_votes"
    k: Positive = 20
    temperature: Rate = 0.05
    smoothing: Rate = 0.1

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A shallow copy of ``data`` whose ``node`` store holds features and scores."""
        from avgraph.encoders.neighbour_votes import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, whose neighbours are the training rows."""
        from avgraph.encoders.neighbour_votes import encode_new

        return encode_new(self, data, node, learned, context)
