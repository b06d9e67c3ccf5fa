"""Options of C-MCR, the method that connects embedding spaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from avgraph.options.base import MethodOptions
from avgraph.options.inputs import Input, named
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.values import Count, Name, NonNegative, Positive, Rate

if TYPE_CHECKING:
    import avgraph.methods.cmcr.task


class CmcrOptions(MethodOptions):
    """C-MCR: a projector per space of embeddings, trained on what the spaces overlap in.

    Attributes:
        hidden_channels: width of the hidden layers of a projector.
        channels: width of the connected space.
        final_relu: end a projector with a ReLU.
        half: the short projector of the released 3D model, without a hidden layer.
        recall: what a memory gives for an item: the softmax over its rows, its most similar row, or one by chance.
        recall_temperature: of the softmax over a memory (τ₁).
        temperature: of the contrast of items (τ₂).
        pseudo_temperature: of the contrast of what is recalled for them (τ₃).
        noise_variance: of the noise on every entry of an embedding (σ²).
        noise_norm: the mean squared length of the noise instead (σ² times the columns), equal for spaces of any width.
        renormalize: bring noisy embeddings back to length 1.
        centred_on: what the items are: rows of the overlap, or also those of every memory, which recall their texts.
        path_weight: of the cross-entropy to what rows of two memories have in common through the overlap.
        path_temperature: of that, and of the free baseline ``bridge_map``.
        path_rows: most rows of a memory in it.
        overlap_loss: whether items are contrasted between spaces.
        pseudo_loss: whether what is recalled for them is.
        intra_weight: of the gap between the modalities of a space (λ).
        intra_spaces: the spaces in which it is closed; none is all.
        batch_size: most items per step of each overlap.
        edges_per_item: memory edges that the learned graph holds per item.
        edge_items: for how many items of each overlap.
        rows: which rows the learned graph holds with their ``embedding``: those to validate or test on, or all, so that
            another run can take it (`avgraph.datasets.RunGraph`).
        heads: space → published head to start from, as ``file.pt:Head_A``.
    """

    path_keys = ("heads",)
    came_later: ClassVar[Mapping[str, Any]] = {
        "rows": "held_out", "noise_norm": None, "centred_on": "overlap",
        "path_weight": 0.0, "path_temperature": 0.07, "path_rows": 4096,
    }  # fmt: skip
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
    noise_norm: NonNegative | None = None
    renormalize: bool = True
    centred_on: Literal["overlap", "all"] = "overlap"
    path_weight: NonNegative = 0.0
    path_temperature: Rate = 0.07
    path_rows: Annotated[int, Field(ge=2)] = 4096
    overlap_loss: bool = True
    pseudo_loss: bool = True
    intra_weight: NonNegative = 0.1
    intra_spaces: list[Name] | None = None
    batch_size: Annotated[int, Field(ge=2)] = 256
    edges_per_item: Count = 0
    edge_items: Positive = 100
    rows: Literal["held_out", "all"] = "held_out"
    heads: dict[Name, FilePath] | None = None

    def task(self) -> avgraph.methods.cmcr.task.CMCRTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.cmcr.task import CMCRTask

        return CMCRTask(self)

    def undivided(self) -> None:
        """Each process takes some of the items of a batch."""

    def restored(self) -> CmcrOptions:
        """A checkpoint has the heads, published ones too, and tells their widths."""
        return self.model_copy(update={"heads": None})

    def inputs(self) -> Iterator[Input]:
        """The files of heads."""
        for space, file in (self.heads or {}).items():
            yield from named(("heads", space), file, "head")

    def unused(self) -> dict[str, str]:
        """What another option leaves without effect."""
        found: dict[str, str] = {}
        if self.half:
            found["hidden_channels"] = "a half projector has no hidden layer"
            found["final_relu"] = "a half projector always ends with a ReLU"
        if not self.overlap_loss and self.path_weight == 0:
            found["temperature"] = "items are not contrasted (overlap_loss is false)"
        if not self.pseudo_loss:
            found["pseudo_temperature"] = "what is recalled is not contrasted (pseudo_loss is false)"
        if self.noise_norm is not None:
            found["noise_variance"] = "noise_norm says how much noise there is"
        if self.path_weight == 0:
            found["path_rows"] = "nothing is learned from paths (path_weight is 0)"
        if self.intra_weight == 0:
            found["intra_spaces"] = "no gap is closed (intra_weight is 0)"
        if not self.pseudo_loss and not self._closes_gaps:
            found["recall"] = "nothing is recalled (pseudo_loss is false, and no gap is closed)"
        if self.edges_per_item == 0:
            found["edge_items"] = "the learned graph has no memory edges (edges_per_item is 0)"
            if "recall" in found:
                found["recall_temperature"] = found["recall"]
            elif self.recall != "softmax":
                found["recall_temperature"] = f"only a softmax has it (recall is '{self.recall}')"
        return found

    @property
    def _closes_gaps(self) -> bool:
        return self.intra_weight != 0 and self.intra_spaces != []

    @model_validator(mode="after")
    def _something_to_learn(self) -> CmcrOptions:
        if not (self.overlap_loss or self.pseudo_loss or self._closes_gaps or self.path_weight):
            off = "overlap_loss, pseudo_loss, intra_weight and path_weight are all off: nothing to learn"
            raise mistakes([((), off, None)])
        return self
