"""Options of the encoders into embedding spaces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from avgraph.options.base import (
    Count,
    EncoderOptions,
    Name,
    NonNegative,
    Positive,
    Rate,
    SpaceName,
)


class TextAlignedOptions(EncoderOptions):
    """A tower into the space of a text encoder, trained on the texts of the training rows.

    Attributes:
        space: name of the space; ``text``: node type with its texts.
        features: what the tower sees: what the data set gives, or log-mels through an encoder.
        hidden_channels, epochs, batch_size, lr, weight_decay, dropout: of the tower and its training.
        temperature: of the contrast with the other texts.
        seed: of weights and order; none takes that of the experiment.
    """

    type: Literal["text_aligned"] = "text_aligned"
    space: SpaceName
    text: Name = "text"
    features: Literal["given", "logmel_modulation", "logmel_cnn"] = "given"
    hidden_channels: Positive = 256
    epochs: Count = 40
    batch_size: Annotated[int, Field(ge=2)] = 128
    lr: Rate = 1e-3
    weight_decay: NonNegative = 0.01
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    temperature: Rate = 0.07
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class ClipOptions(EncoderOptions):
    """Texts or pictures in the space of CLIP, by a model of the transformers library.

    Attributes:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space; ``batch_size``: items at a time.
    """

    type: Literal["clip"] = "clip"
    model: Name = "openai/clip-vit-base-patch32"
    space: SpaceName = "clip"
    batch_size: Positive = 64


class ClapOptions(EncoderOptions):
    """Texts or sounds in the space of CLAP, by a model of the transformers library.

    Attributes:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space; ``batch_size``: items at a time.
        sampling_rate: of the waveforms that the data set gives.
    """

    type: Literal["clap"] = "clap"
    model: Name = "laion/clap-htsat-unfused"
    space: SpaceName = "clap"
    sampling_rate: Positive = 48_000
    batch_size: Positive = 16
