"""Encoders into a space of embeddings: unit rows ``x_<space>``, and the same as ``x``. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.hub_model import HubModel, ModelName
from avgraph.options.base import EncoderOptions
from avgraph.options.values import Count, Fraction, Name, NonNegative, Positive, Rate, Seed, SpaceName

if TYPE_CHECKING:
    import torch_geometric.data


class TextAligned(EncoderOptions):
    """A tower into the space of a text encoder, trained on the texts of the training rows.

    Row i belongs to text ``data[node].text[i]``; training rows are to find it among all texts that training rows have.
    The tower is dropout, Linear, BN, ReLU, dropout, Linear; it is trained by AdamW under a cosine.

    Attributes:
        space: name of the space; ``data[text]["x_<space>"]`` are its texts.
        text: node type of the texts.
        features: what the tower sees: what the data set gives, or log-mels through an encoder with its defaults, of
            ``logmel_modulation`` and ``logmel_patches`` without scores.
        hidden_channels: of the tower.
        epochs: of its training.
        batch_size: rows at a time.
        lr: learning rate.
        weight_decay: of AdamW.
        dropout: before each of the two linear layers.
        temperature: of the contrast with the other texts.
        seed: of weights and order; none takes that of the experiment.

    Raises:
        DataError: from ``encode``, if texts, their numbers or training rows are missing.

    Example:
        >>> import torch
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData(caption={"x_toy": torch.eye(2)})
        >>> data["image"].x, data["image"].text = torch.eye(2).repeat(8, 1), torch.arange(2).repeat(8)
        >>> data["image"].train_mask = torch.ones(16, dtype=torch.bool)
        >>> encoder = TextAligned(space="toy", text="caption", batch_size=8)
        >>> encoder.encode(data, "image")["image"].x_toy.argmax(1)[:4]
        tensor([0, 1, 0, 1])
    """

    type: Literal["text_aligned"] = "text_aligned"
    space: SpaceName
    text: Name = "text"
    features: Literal["given", "logmel_modulation", "logmel_patches", "logmel_cnn"] = "given"
    hidden_channels: Positive = 256
    epochs: Count = 40
    batch_size: Annotated[int, Field(ge=2)] = 128
    lr: Rate = 1e-3
    weight_decay: NonNegative = 0.01
    dropout: Fraction = 0.3
    temperature: Rate = 0.07
    seed: Seed | None = None

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """A copy of ``data`` with ``data[node]["x_<space>"]``."""
        from avgraph.encoders.text_aligned import encode

        return encode(self, data, node, context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: EncodeContext
    ) -> torch_geometric.data.HeteroData:
        """The same of further rows, by the tower."""
        from avgraph.encoders.text_aligned import encode_new

        return encode_new(self, data, node, learned, context)


class CLIP(HubModel):
    """Pictures ``x`` (uint8), or else the texts ``name``, in the space of CLIP (Radford et al., ICML 2021).

    By a model of the transformers library; needs ``pip install "avgraph[clip]"``.

    Attributes:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space.
        batch_size: items at a time.

    Shapes:
        x uint8 [n, h, w, 3], or name [n] → x_<space> [n, d]

    Raises:
        DataError: from ``encode``, if the library or the model is missing, or pictures have another shape.
    """

    type: Literal["clip"] = "clip"
    model: ModelName = "openai/clip-vit-base-patch32"
    space: SpaceName = "clip"
    batch_size: Positive = 64

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with the rows."""
        from avgraph.encoders.pretrained import encode_clip

        return encode_clip(self, data, node, context)


class CLAP(HubModel):
    """Sounds ``waveform``, or else the texts ``name``, in the space of CLAP (Wu et al., ICASSP 2023).

    By a model of the transformers library; needs ``pip install "avgraph[clap]"``. Waveforms are mono and at the rate of
    the model (48 kHz in all published ones); nothing is resampled silently.

    Attributes:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space.
        sampling_rate: of the waveforms that the data set gives, in hertz.
        batch_size: items at a time.

    Shapes:
        waveform [n, samples], or name [n] → x_<space> [n, d]

    Raises:
        DataError: from ``encode``, if the library or the model is missing, or waveforms have another shape or rate.
    """

    type: Literal["clap"] = "clap"
    model: ModelName = "laion/clap-htsat-unfused"
    space: SpaceName = "clap"
    sampling_rate: Positive = 48_000
    batch_size: Positive = 16

    def encode(
        self, data: torch_geometric.data.HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT
    ) -> torch_geometric.data.HeteroData:
        """Return a shallow copy of ``data`` with the rows."""
        from avgraph.encoders.pretrained import encode_clap

        return encode_clap(self, data, node, context)
