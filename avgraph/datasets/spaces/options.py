"""Embeddings in several spaces, your own or two small ones over ESC-50 and CIFAR-10: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Dataset, DatasetStatus, Folded, Root
from avgraph.datasets.spaces.part_options import NO_FILES, HeldOutFiles, LocalisationFiles, part_mistakes
from avgraph.errors import GraphError
from avgraph.graph.localisation import REGION
from avgraph.graph.overlaps import overlap_graph
from avgraph.options.inputs import Input, named
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import suggest_or_list
from avgraph.options.values import Name, SpaceName, SyntheticOnMissing

if TYPE_CHECKING:
    import torch_geometric.data


class SpaceFiles(Dataset):
    """Your own embeddings in two spaces or more: one file per space and modality, mapped and never loaded whole.

    Files are read a block at a time, in float16, float32 or float64 (`avgraph.io.arrays.map_array` says which formats
    can be).

    Attributes:
        root: folder that the files are in; none: the folder of the YAML file.
        spaces: space → the modalities it holds → file of rows; row i of a modality is one item in every space.
        held_out: node type → rows to evaluate on.
        localisation: where in the pictures of such rows their sounds come from.
        names: modality → file of names, for the exported graph.
        normalize: scale all rows to length 1, into files of the user cache; false refuses rows of another length. None
            scales the files that have such rows, and the run names them.
    """

    path_keys = ("root",)

    type: Literal["spaces"] = "spaces"
    root: FilePath | None = None
    spaces: dict[SpaceName, Annotated[dict[Name, Name], Field(min_length=1)]]
    held_out: dict[Name, HeldOutFiles] | None = None
    localisation: LocalisationFiles | None = None
    names: dict[Name, Name] | None = None
    normalize: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _absolute_without_root(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("root") is not None:
            return value
        value = dict(value)
        for key, depth, kept in _PATHS:
            if isinstance(value.get(key), Mapping):
                value[key] = _absolute(value[key], depth, kept)
        return value

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: a node type per modality, with its rows in every space as ``x_<space>``.

        Held-out rows and names are loaded, the others stay mapped.

        Raises:
            DataError: naming the file and the row that is zero, not finite or not of length 1, or a file that is
                unreadable, cut short or has another number of rows or columns than it should.

        Example:
            >>> import tempfile
            >>> import numpy as np
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     np.save(f"{folder}/text.npy", np.eye(3))
            ...     spaces = {"clap": {"text": "text.npy"}, "clip": {"text": "text.npy"}}
            ...     data = SpaceFiles(root=folder, spaces=spaces).load()
            ...     data["text"].num_nodes, list(data["text"])
            (3, ['x_clap', 'x_clip', 'num_nodes'])
        """
        from avgraph.datasets.spaces.files import load_space_files

        return load_space_files(self)

    def node_types(self) -> tuple[str, ...] | None:
        """Modalities, and the rows to evaluate on."""
        spaces = getattr(self, "spaces", None)  # absent where the options hold mistakes
        if not spaces:
            return None
        regions = [REGION] if self.localisation else []
        held = (node for held in spaces.values() for node in held)
        return tuple(dict.fromkeys([*held, *(self.held_out or ()), *regions]))

    def inputs(self) -> Iterator[Input]:
        """The folder, then the files of spaces, held-out rows, boxes and names."""
        yield from super().inputs()
        for space, held in self.spaces.items():
            for node, file in held.items():
                yield from named(("spaces", space, node), file, "numbers", self.root)
        for node, part in (self.held_out or {}).items():
            for space, file in part.x.items():
                yield from named(("held_out", node, "x", space), file, "numbers", self.root)
            yield from named(("held_out", node, "y"), part.y, "array", self.root)
            yield from named(("held_out", node, "name"), part.name, "array", self.root)
        for key, table in self.localisation.tables().items() if self.localisation else ():
            yield from named(("localisation", key), table, "table", self.root)
        for node, file in (self.names or {}).items():
            yield from named(("names", node), file, "array", self.root)

    @model_validator(mode="after")
    def _fits_together(self) -> SpaceFiles:
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
        found += part_mistakes(self.held_out or {}, self.localisation, modalities)
        if found:
            raise mistakes(found)
        return self


_PATHS = (("spaces", 2, ()), ("held_out", 2, NO_FILES), ("names", 1, ()), ("localisation", 1, NO_FILES))


def _absolute(value: Any, depth: int, kept: Sequence[str]) -> Any:
    """Paths within nested mappings, but for what is no file."""
    if not isinstance(value, Mapping):
        return absolute(value)
    return {
        key: part if key in kept and depth == 1 else _absolute(part, depth - 1, kept) for key, part in value.items()
    }


class SoundPictureSpaces(Folded):
    """ESC-50 with one text encoder and CIFAR-10 with another: two small spaces that share nothing but texts.

    Space ``sound`` has MiniLM sentence vectors, space ``picture`` mean GloVe vectors of the same texts: 20,000 captions
    of AudioCaps and Clotho and a prompt per class. Both are centred over the captions and brought to length 1. The
    sounds and pictures get their places by the encoder `text_aligned`, each in its own space. No sound is paired with
    a picture. Classes that both have (six, by a map) are held out for retrieval: sounds of a fold, test pictures.

    Attributes:
        root: folder that holds ``esc50/``, ``cifar10/`` and ``text/``; none looks in ``$AVGRAPH_DATA``, then in the
            user cache.
        fold: fold of the sounds to test on.
        val_fold: the fold to validate on.
        on_missing: ``[synthetic]`` takes made-up data where there are none; empty makes that an error.
    """

    path_keys = ("root",)

    type: Literal["esc50_cifar10_spaces"] = "esc50_cifar10_spaces"
    root: FilePath | None = None
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``text`` nodes with a state in either space, ``audio`` and ``image`` for one each.

        Shapes:
            text.x_sound [n, 384], text.x_picture [n, 50]; audio.x uint8 [m, 128, 216]; image.x [k, 384]; ``text`` of
            both: number of the prompt of their class.

        Raises:
            DataError: if data are missing or cannot be used.

        Example:
            >>> SoundPictureSpaces(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.spaces.sound_picture import load_sound_picture

        return load_sound_picture(self)

    def node_types(self) -> tuple[str, ...]:
        """Texts, sounds and pictures."""
        return ("text", "audio", "image")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """The sets that it is made of: ESC-50, CIFAR-10 and vectors of texts."""
        from avgraph.datasets.spaces.sound_picture import describe_sound_picture

        return describe_sound_picture(root, cls.type_name(), cls.what())
