"""Options of C-MCR, the method that connects embedding spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.options.base import Count, MethodOptions, Name, NonNegative, Positive, Rate
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath


class CmcrOptions(MethodOptions):
    """C-MCR: a projector per space of embeddings, trained on what the spaces overlap in.

    Attributes:
        hidden_channels, channels: widths of the projectors; ``final_relu``: end with a ReLU.
        half: the short projector of the released 3D model, without a hidden layer.
        recall: what a memory gives for an item: the softmax over its rows, its most similar row, or one by chance.
        recall_temperature, temperature, pseudo_temperature: of the memory, of items, of what is recalled for them.
        noise_variance: of the noise on every embedding; ``renormalize``: bring it back to length 1.
        overlap_loss, pseudo_loss: whether items, and what is recalled for them, are contrasted between spaces.
        intra_weight: of the gap between the modalities of a space.
        intra_spaces: the spaces in which it is closed; none is all.
        batch_size: most items per step of each overlap.
        edges_per_item: memory edges that the learned graph holds per item.
        edge_items: for how many items of each overlap.
        heads: space → published head to start from, as ``file.pt:Head_A``.
    """

    path_keys = ("heads",)
    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 30,
        "optimizer": {"type": "adamw", "lr": 3e-3, "weight_decay": 0.01},
    }

    type: Literal["cmcr"] = "cmcr"
    hidden_channels: Positive = 256
    channels: Positive = 128
    final_relu: bool = False
    half: bool = False
    recall: Literal["softmax", "argmax", "random"] = "softmax"
    recall_temperature: Rate = 0.01
    temperature: Rate = 0.1
    pseudo_temperature: Rate = 0.1
    noise_variance: NonNegative = 0.004
    renormalize: bool = True
    overlap_loss: bool = True
    pseudo_loss: bool = True
    intra_weight: NonNegative = 0.1
    intra_spaces: list[Name] | None = None
    batch_size: Annotated[int, Field(ge=2)] = 256
    edges_per_item: Count = 0
    edge_items: Positive = 100
    heads: dict[Name, FilePath] | None = None

    def inputs(self) -> Iterator[Input]:
        """The files of heads."""
        for space, file in (self.heads or {}).items():
            yield from named(("heads", space), file, "weights")

    def unused(self) -> dict[str, str]:
        """What the short projector does not have."""
        if not self.half:
            return {}
        return {
            "hidden_channels": "a half projector has no hidden layer",
            "final_relu": "a half projector always ends with a ReLU",
        }
