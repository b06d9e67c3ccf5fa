"""Encoders of log-mel pictures: a small CNN, modulation spectra, dictionaries of patches. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.options.base import EncoderOptions
from avgraph.options.values import Count, NonNegative, Positive, Rate, Seed, Share

if TYPE_CHECKING:
    import torch_geometric.data

LOG_MELS = 3, "log-mels [clips, bands, frames]"


class LogmelCNN(EncoderOptions):
    """A small CNN on log-mel pictures, fitted on the training clips: ``x`` [n, channels] and ``score`` [n, classes].

    Attributes:
        channels: width of the embedding.
        width: channels after the first convolution; the cost grows with its square.
        epochs: of AdamW under a one-cycle schedule.
        batch_size: clips at a time.
        lr: highest learning rate of the cycle.
        weight_decay: of AdamW.
        mixup: α of the Beta distribution that clips are blended by; 0 switches it off.
        out_of_fold: encode every training clip by a network that has not seen its fold.
        inner_epochs: of those networks.
        seed: of weights and augmentation; none takes that of the experiment.

    Raises:
        DataError: from ``encode``, without log-mels, classes or training clips.

    Example:
        >>> from avgraph.datasets import Synthetic
        >>> data = Synthetic(classes=3, clips_per_class=5).load()
        >>> encoder = LogmelCNN(channels=16, width=4, epochs=1, out_of_fold=False)
        >>> encoder.encode(data, "audio")["audio"].score.shape
        torch.Size([15, 3])
    """

    reads = LOG_MELS

    type: Literal["logmel_cnn"] = "logmel_cnn"
    channels: Positive = 512
    width: Positive = 32
    epochs: Count = 60
    batch_size: Positive = 32
    lr: Rate = 3e-3
    weight_decay: NonNegative = 0.05
    mixup: NonNegative = 0.4
    out_of_fold: bool = True
    inner_epochs: Count = 30
    seed: Seed | None = None

    def unused(self) -> dict[str, str]:
        """What networks within the folds have, where there are none."""
        return {} if self.out_of_fold else {"inner_epochs": "only with out_of_fold, whose networks it is of"}

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A copy of ``data`` whose ``node`` store holds embeddings and scores."""
        from avgraph.encoders.logmel_cnn import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the network of all training clips."""
        from avgraph.encoders.logmel_cnn import encode_new

        return encode_new(self, data, node, learned, context)


class LogmelModulation(EncoderOptions):
    """Modulation spectra of log-mel pictures, and scores by linear discriminants: no network, seconds.

    It writes ``x`` [n, d] and ``score`` [n, classes]; every training clip is scored by a model that has not seen it.

    Attributes:
        shrinkage: of the covariance within classes towards a multiple of the identity.
        scores: false leaves the discriminants out, for recordings without classes.

    Raises:
        DataError: from ``encode``, without log-mels, classes (for scores) or training clips.

    Example:
        >>> from avgraph.datasets import Synthetic
        >>> data = LogmelModulation().encode(Synthetic(classes=3, clips_per_class=10).load(), "audio")
        >>> data["audio"].x.shape, data["audio"].score.shape
        (torch.Size([30, 844]), torch.Size([30, 3]))
    """

    reads = LOG_MELS

    type: Literal["logmel_modulation"] = "logmel_modulation"
    shrinkage: Share = 0.4
    scores: bool = True

    def unused(self) -> dict[str, str]:
        """What the discriminants have, where there are none."""
        return {} if self.scores else {"shrinkage": "only with scores, whose discriminants it is of"}

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A copy of ``data`` whose ``node`` store holds features and scores."""
        from avgraph.encoders.logmel_modulation import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the discriminants of all training clips."""
        from avgraph.encoders.logmel_modulation import encode_new

        return encode_new(self, data, node, learned)


class LogmelPatches(EncoderOptions):
    """Answers of log-mel pictures to dictionaries of patches, and scores by linear discriminants: a minute, no network.

    It writes ``x`` [n, components] and ``score`` [n, classes]; every training clip is scored by a model that has not
    seen it. The modulation spectrum of `LogmelModulation` is a part of what is said of a clip.

    Attributes:
        centres: of each of the four dictionaries.
        components: principal components of the features that are kept; there are never more than training clips.
        shrinkage: of the covariance within classes towards a multiple of the identity.
        scores: false leaves the discriminants out, for recordings without classes.
        seed: of the patches that are drawn; none takes that of the experiment.

    Raises:
        DataError: from ``encode``, without log-mels, classes (for scores) or training clips.

    Example:
        >>> from avgraph.datasets import Synthetic
        >>> data = LogmelPatches(centres=4).encode(Synthetic(classes=3, clips_per_class=10).load(), "audio")
        >>> data["audio"].score.shape
        torch.Size([30, 3])
    """

    reads = LOG_MELS

    type: Literal["logmel_patches"] = "logmel_patches"
    centres: Positive = 100
    components: Positive = 1024
    shrinkage: Share = 0.2
    scores: bool = True
    seed: Seed | None = None

    def unused(self) -> dict[str, str]:
        """What the discriminants have, where there are none."""
        return {} if self.scores else {"shrinkage": "only with scores, whose discriminants it is of"}

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A copy of ``data`` whose ``node`` store holds features and scores."""
        from avgraph.encoders.logmel_patches import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by what the run has learned."""
        from avgraph.encoders.logmel_patches import encode_new

        return encode_new(self, data, node, learned)
