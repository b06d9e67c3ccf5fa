"""Options of data sets of several embedding spaces, and of the encoders into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.errors import GraphError
from avgraph.graph.overlaps import overlap_graph
from avgraph.options.base import (
    Count,
    DatasetOptions,
    EdgeType,
    EncoderOptions,
    Name,
    NonNegative,
    Options,
    Positive,
    Rate,
    SyntheticOnMissing,
    mistakes,
)
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import Path, suggest_or_list

SpaceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]


class HeldOutFiles(Options):
    """Rows to validate or test on: embeddings in one space or more, classes or pair numbers, names."""

    x: Annotated[dict[Name, Name], Field(min_length=1)]
    y: Name
    name: Name | None = None
    split: Literal["val", "test"] = "test"


class SpacesOptions(DatasetOptions):
    """Your own embeddings in two spaces or more: one file per space and modality, mapped and never loaded whole.

    Attributes:
        root: folder that the files are in; none: the folder of the YAML file.
        spaces: space → the modalities it holds → file of rows; row i of a modality is one item in every space.
        held_out: node type → rows to evaluate on.
        names: modality → file of names, for the exported graph.
        normalize: scale all rows to length 1, into files of the user cache; false refuses rows of another length. None
            scales the files that have such rows, and the run names them.
    """

    path_keys = ("root",)

    type: Literal["spaces"] = "spaces"
    root: FilePath | None = None
    spaces: dict[SpaceName, Annotated[dict[Name, Name], Field(min_length=1)]]
    held_out: dict[Name, HeldOutFiles] | None = None
    names: dict[Name, Name] | None = None
    normalize: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _absolute_without_root(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("root") is not None:
            return value
        value = dict(value)
        for key, depth in (("spaces", 2), ("held_out", 2), ("names", 1)):
            if isinstance(value.get(key), Mapping):
                value[key] = _absolute(value[key], depth)
        return value

    def node_types(self) -> tuple[str, ...] | None:
        """Modalities, and the rows to evaluate on."""
        spaces = getattr(self, "spaces", None)  # absent where the options hold mistakes
        if not spaces:
            return None
        return tuple(dict.fromkeys([*(node for held in spaces.values() for node in held), *(self.held_out or ())]))

    def edge_types(self) -> dict[Path, EdgeType]:
        """None: a method or transforms add them."""
        return {}

    def inputs(self) -> Iterator[Input]:
        """The folder, then the files of spaces, held-out rows and names."""
        yield from super().inputs()
        for space, held in self.spaces.items():
            for node, file in held.items():
                yield from named(("spaces", space, node), file, "numbers", self.root)
        for node, part in (self.held_out or {}).items():
            for space, file in part.x.items():
                yield from named(("held_out", node, "x", space), file, "numbers", self.root)
            yield from named(("held_out", node, "y"), part.y, "array", self.root)
            yield from named(("held_out", node, "name"), part.name, "array", self.root)
        for node, file in (self.names or {}).items():
            yield from named(("names", node), file, "array", self.root)

    @model_validator(mode="after")
    def _fits_together(self) -> SpacesOptions:
        try:
            overlap_graph(self.spaces)
        except GraphError as error:
            raise mistakes([(("spaces",), str(error), self.spaces)]) from None
        modalities = {node for held in self.spaces.values() for node in held}
        found: list[Any] = []
        for node, files in (self.held_out or {}).items():
            if node in modalities:
                found.append((("held_out", node), "is a modality to train on; give the held-out rows a name", node))
            for space in files.x:
                if space not in self.spaces:
                    told = suggest_or_list(space, self.spaces, "there are")
                    found.append((("held_out", node, "x", space), f"no space '{space}' under spaces{told}", space))
        for node in self.names or ():
            if node not in modalities:
                told = suggest_or_list(node, modalities, "there are")
                found.append((("names", node), f"no modality '{node}' under spaces{told}", node))
        if found:
            raise mistakes(found)
        return self


def _absolute(value: Any, depth: int) -> Any:
    """Paths within nested mappings, but for the split of held-out rows."""
    if not isinstance(value, Mapping):
        return absolute(value)
    return {key: part if key == "split" else _absolute(part, depth - 1) for key, part in value.items()}


class SoundPictureSpacesOptions(DatasetOptions):
    """ESC-50 with one text encoder and CIFAR-10 with another: two small spaces that share nothing but texts.

    Attributes:
        root: folder that holds ``esc50/``, ``cifar10/`` and ``text/``; none looks in ``$AVGRAPH_DATA``.
        fold: fold of the sounds to test on; ``val_fold``: to validate on.
        on_missing: ``[synthetic]`` takes made-up data where there are none; empty makes that an error.
    """

    path_keys = ("root",)

    type: Literal["esc50_cifar10_spaces"] = "esc50_cifar10_spaces"
    root: FilePath | None = None
    fold: Annotated[int, Field(ge=1, le=5)] = 1
    val_fold: Annotated[int, Field(ge=1, le=5)] | None = None
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def node_types(self) -> tuple[str, ...]:
        """Texts, sounds and pictures."""
        return ("text", "audio", "image")

    def edge_types(self) -> dict[Path, EdgeType]:
        """None: a method or transforms add them."""
        return {}

    @model_validator(mode="after")
    def _folds_differ(self) -> SoundPictureSpacesOptions:
        if self.val_fold == self.fold:
            message = f"expected another fold than the test fold, got {self.fold} for both"
            raise mistakes([(("val_fold",), message, self.val_fold)])
        return self


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
