"""Options of the data sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.options.base import (
    DatasetOptions,
    EdgeType,
    Name,
    OnMissing,
    Options,
    Rate,
    SyntheticOnMissing,
    mistakes,
)
from avgraph.options.inputs import Input, Kind, named
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import Path, suggest_or_list

Fold = Annotated[int, Field(ge=1, le=5)]


class FoldOptions(DatasetOptions):
    """Options of a data set in five published folds of labelled clips.

    Attributes:
        fold: the fold to test on.
        val_fold: the fold to validate on; none keeps all others for training.
    """

    fold: Fold = 1
    val_fold: Fold | None = None

    def node_types(self) -> tuple[str, ...]:
        """Clips and their classes."""
        return ("audio", "label")

    def edge_types(self) -> dict[Path, EdgeType]:
        """None: transforms add them."""
        return {}

    @model_validator(mode="after")
    def _folds_differ(self) -> FoldOptions:
        if self.val_fold == self.fold:
            message = f"expected another fold than the test fold, got {self.fold} for both"
            raise mistakes([(("val_fold",), message, self.val_fold)])
        return self


class _EscOptions(FoldOptions):
    path_keys = ("root",)

    root: FilePath | None = None
    on_missing: OnMissing = Field(default=["download", "synthetic"])
    on_leakage: Literal["warn", "drop", "error"] = "warn"


class Esc50Options(_EscOptions):
    """ESC-50: 2000 clips of five seconds in 50 classes.

    Attributes:
        root: folder of the data; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
        on_leakage: what to do with recordings whose clips are in more than one fold.
    """

    type: Literal["esc50"] = "esc50"


class Esc50ZeroShotOptions(DatasetOptions):
    """ESC-50 with its classes in five parts: those of one part are unseen in training and retrieved by text.

    Attributes:
        root: folder of ESC-50; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        part: whose classes are tested.
        val_part: whose classes validate; none trains on all others.
        text: ``.npz`` of sentence vectors; none looks for ``text/minilm_labels.npz`` in ``$AVGRAPH_DATA``.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
    """

    path_keys = ("root", "text")

    type: Literal["esc50_zero_shot"] = "esc50_zero_shot"
    root: FilePath | None = None
    part: Fold = 1
    val_part: Fold | None = None
    text: FilePath | None = None
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def node_types(self) -> tuple[str, ...]:
        """Clips and one sentence per class."""
        return ("audio", "text")

    def inputs(self) -> Iterator[Input]:
        """The folder and the vectors."""
        yield from super().inputs()
        yield from named(("text",), self.text, "archive")

    def edge_types(self) -> dict[Path, EdgeType]:
        """None: a method or transforms add them."""
        return {}

    @model_validator(mode="after")
    def _parts_differ(self) -> Esc50ZeroShotOptions:
        if self.val_part == self.part:
            message = f"expected another part than the test part, got {self.part} for both"
            raise mistakes([(("val_part",), message, self.val_part)])
        return self


class Esc10Options(_EscOptions):
    """ESC-10: the ten classes of ESC-50 that are easiest to tell apart; options as there."""

    type: Literal["esc10"] = "esc10"


class SyntheticOptions(FoldOptions):
    """Made-up clips, for tests and for a look without data.

    Attributes:
        classes: how many; there are names for 120.
        clips_per_class: of each class; the five folds get equally many.
        seed: of the clips.
    """

    type: Literal["synthetic"] = "synthetic"
    classes: Annotated[int, Field(ge=2, le=120)] = 50
    clips_per_class: Annotated[int, Field(ge=5)] = 40
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


class _ClipOptions(DatasetOptions):
    """What data sets of audio-visual clips share."""

    def node_types(self) -> tuple[str, ...]:
        """The two modalities and the classes, as heard and as seen."""
        return ("audio", "visual", "concept")

    def edge_types(self) -> dict[Path, EdgeType]:
        """None that a method builds on."""
        return {}


class ClassPairedOptions(_ClipOptions):
    """Labelled sounds and labelled pictures paired by class; they were never recorded together.

    Attributes:
        sets: which two sets.
        root: folder of both; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        class_map: class of pictures → classes of sounds; none is what both sets have.
        fold: fold of the sounds to test on.
        val_fold: the fold to validate on.
        cooccurrence: fraction of the clips that get a second, unannotated class mixed in.
        second_level: its amplitude beside that of the first.
        seed: of pairs and mixtures.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
    """

    path_keys = ("root",)

    type: Literal["class_paired"] = "class_paired"
    sets: Literal["esc50_cifar10", "fsdd_digits"] = "esc50_cifar10"
    root: FilePath | None = None
    class_map: Annotated[dict[Name, Annotated[list[Name], Field(min_length=1)]], Field(min_length=2)] | None = None
    fold: Fold = 1
    val_fold: Fold | None = None
    cooccurrence: Annotated[float, Field(ge=0, le=1)] = 0.0
    second_level: Rate = 0.5
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def inputs(self) -> Iterator[Input]:
        """The folder, unless a stand-in takes its place."""
        return iter(()) if self.on_missing else super().inputs()

    @model_validator(mode="after")
    def _folds_differ(self) -> ClassPairedOptions:
        if self.val_fold == self.fold:
            message = f"expected another fold than the test fold, got {self.fold} for both"
            raise mistakes([(("val_fold",), message, self.val_fold)])
        return self


class _FeatureFileOptions(_ClipOptions):
    path_keys = ("root",)

    root: FilePath | None = None
    class_names: list[Name] | None = None
    val_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])


class AveOptions(_FeatureFileOptions):
    """AVE: 1,955 clips in 15 classes, as one file of features.

    Attributes:
        root: folder of the file; none looks in ``$AVGRAPH_DATA/ave``, then in the user cache.
        class_names: names in the order of the labels, which the file does not have.
        val_fraction: of the training clips, set apart to validate.
        seed: of that choice.
        on_missing: ``[synthetic]`` takes made-up features where there is no file; empty makes that an error.
    """

    type: Literal["ave"] = "ave"


class VegasOptions(_FeatureFileOptions):
    """VEGAS: 28,103 clips in 10 classes; options as for AVE."""

    type: Literal["vegas"] = "vegas"


class NodeFiles(Options):
    """Files of one node type: features, classes, splits and names, one row per node."""

    x: Name | None = None
    y: Name | None = None
    split: Name | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> NodeFiles:
        if self.x is None and self.y is None and self.split is None and self.name is None:
            raise mistakes([((), "expected at least one of x, y, split, name", None)])
        return self


class EdgeFiles(Options):
    """Files of one edge type: an index [2, e] or [e, 2], weights and attributes."""

    source: Name
    relation: Name
    target: Name
    index: Name
    weight: Name | None = None
    attr: Name | None = None


class FilesOptions(DatasetOptions):
    """Your own arrays: ``features.npy``, ``bundle.npz:key``, ``table.parquet:column``, ``names.txt``.

    Attributes:
        root: folder that the files are in; none: the folder of the YAML file.
        nodes: node type → its files.
        edges: edges that the data come with.
    """

    node_keys = ("nodes",)
    path_keys = ("root",)

    type: Literal["files"] = "files"
    root: FilePath | None = None
    nodes: Annotated[dict[Name, NodeFiles], Field(min_length=1)]
    edges: list[EdgeFiles] = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _absolute_without_root(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("root") is not None:
            return value
        value = dict(value)
        if isinstance(value.get("nodes"), Mapping):
            value["nodes"] = {name: _absolute(files, ()) for name, files in value["nodes"].items()}
        if isinstance(value.get("edges"), list):
            value["edges"] = [_absolute(files, ("source", "relation", "target")) for files in value["edges"]]
        return value

    def node_types(self) -> tuple[str, ...] | None:
        """The node types that have files."""
        nodes = getattr(self, "nodes", None)  # absent where the options hold mistakes
        return tuple(nodes) if nodes and isinstance(nodes, Mapping) else None

    def edge_types(self) -> dict[Path, EdgeType]:
        """The edge types that have files."""
        return {("edges", i): (edge.source, edge.relation, edge.target) for i, edge in enumerate(self.edges)}

    def inputs(self) -> Iterator[Input]:
        """The folder, then the files of nodes and edges."""
        yield from super().inputs()
        for node, files in self.nodes.items():
            for key in ("x", "y", "split", "name"):
                kind: Kind = "numbers" if key == "x" else "array"
                yield from named(("nodes", node, key), getattr(files, key), kind, self.root)
        for index, edge in enumerate(self.edges):
            for key in ("index", "weight", "attr"):
                yield from named(("edges", index, key), getattr(edge, key), "numbers", self.root)

    def unlabelled(self, node: str) -> dict[Path, str]:
        """Of ``y`` and ``split``, those that a node type has no file of."""
        files, gives = self.nodes[node], {"y": "the class of each row", "split": "which rows are training rows"}
        return {("nodes", node, key): told for key, told in gives.items() if getattr(files, key) is None}

    @model_validator(mode="after")
    def _edges_join_nodes(self) -> FilesOptions:
        found = [
            (("edges", index, end), _no_such_node(node, self.nodes), node)
            for index, edge in enumerate(self.edges)
            for end, node in (("source", edge.source), ("target", edge.target))
            if node not in self.nodes
        ]
        if found:
            raise mistakes(found)
        return self


def _absolute(files: Any, names: tuple[str, ...]) -> Any:
    """A mapping whose values are paths, but for the keys in ``names``."""
    if not isinstance(files, Mapping):
        return files
    return {key: value if key in names else absolute(value) for key, value in files.items()}


def _no_such_node(node: str, known: Mapping[str, Any]) -> str:
    return f"no node type '{node}' under nodes{suggest_or_list(node, known, 'it has')}"
