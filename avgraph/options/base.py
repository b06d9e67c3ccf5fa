"""The kinds of components that an experiment is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_serializer, model_validator

from avgraph.graph.vocabulary import EdgeType
from avgraph.options.inputs import Input, named
from avgraph.options.mistakes import mistakes
from avgraph.options.problems import Path
from avgraph.options.strict import Options

if TYPE_CHECKING:
    import torch_geometric.data
    import torch_geometric.transforms

MEASURED_BY_TRAIN = "set train.measure_every, which measures the split val alone"


class ComponentOptions(Options):
    """Options of something that is chosen by its ``type``."""

    type: str
    node_keys: ClassVar[tuple[str, ...]] = ()
    """Options that name node types."""

    def node_fields(self) -> dict[str, Any]:
        """Option → the node type it names."""
        named = {key: getattr(self, key, None) for key in self.node_keys}
        return {key: value for key, value in named.items() if value is not None}

    def unused(self) -> dict[str, str]:
        """Option that has no effect beside the others → why: to write it is a mistake."""
        return {}

    @model_validator(mode="after")
    def _all_used(self) -> ComponentOptions:
        written = [key for key in self.model_fields_set if getattr(self, key) is not None]
        found = [((key,), why, getattr(self, key)) for key, why in self.unused().items() if key in written]
        if found:
            raise mistakes(found)
        return self

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: Callable[[Any], Any]) -> dict[str, Any]:
        dumped: dict[str, Any] = handler(self)
        unused = self.unused()
        return {key: value for key, value in dumped.items() if key not in unused}

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the class that the type names: every option but the type, as plain data."""
        return self.model_dump(exclude={"type"})

    def inputs(self) -> Iterator[Input]:
        """The files and folders it names, folders before what is in them."""
        return iter(())

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Every option, but a type that the name of the class says already."""
        return ((key, value) for key, value in super().__repr_args__() if key != "type" or ":" in self.type)


class DatasetOptions(ComponentOptions):
    """Options of a data set, which are the data set: ``load`` imports what does the work."""

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph, with ``provenance``; it has the edges that the data come with.

        Raises:
            DataError: if there are no data, or they cannot be used.
        """
        raise NotImplementedError(f"{type(self).__name__} has no load")

    def node_types(self) -> tuple[str, ...] | None:
        """Node types of the graph it loads; ``None`` where only loading tells."""
        return None

    def edge_types(self) -> dict[Path, EdgeType] | None:
        """Option → the edge type it declares; ``None`` where only loading tells."""
        return None

    def inputs(self) -> Iterator[Input]:
        """Its folder, where one is named: nothing takes the place of a folder that is not there."""
        return named(("root",), getattr(self, "root", None), "folder")

    def folds(self) -> tuple[int, ...]:
        """The folds that there are to test on; none where it has no option ``fold``."""
        return (1, 2, 3, 4, 5) if hasattr(self, "fold") else ()

    def unlabelled(self, node: str) -> dict[Path, str]:
        """Option → what it would give: the classes and splits that rows of a node type are known to lack."""
        return {}

    def row_shape(self, node: str) -> tuple[int, ...] | None:
        """The shape of what a node type's encoder is given, rows first, where the header of a file tells."""
        return None

    def misshapen(self) -> Iterator[tuple[Path, str]]:
        """(option, message) of arrays that their headers rule out."""
        return iter(())


class EncoderOptions(ComponentOptions):
    """Options of an encoder of one node type, which are the encoder: ``encode`` imports what does the work."""

    reads: ClassVar[tuple[int, str] | None] = None
    """How many axes the raw rows must have, and what they are called; None where that is not fixed."""

    def encode(self, data: torch_geometric.data.HeteroData, node: str, *, context: Any) -> Any:
        """A shallow copy of ``data`` with feature vectors of ``node``; ``context`` is that of `avgraph.encoders`.

        Raises:
            DataError: if the node type lacks what the encoder reads.
        """
        raise NotImplementedError(f"{type(self).__name__} has no encode")

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: Any
    ) -> Any:
        """The same of rows that come after the training, each by itself.

        Args:
            data: with the new rows.
            node: their type.
            learned: what ``encode`` has put into ``context.learned``; here the encoder learns nothing.
            context: as of ``encode``.

        Raises:
            DataError: if they cannot be encoded.
        """
        return self.encode(data, node, context=context)


class TransformOptions(ComponentOptions):
    """Options of a step that adds edges."""

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """The step; called with a graph it returns a shallow copy with the edges."""
        raise NotImplementedError(f"{type(self).__name__} has no transform")

    def edge_type(self) -> EdgeType | None:
        """The edge type it adds; ``None`` where only running it tells."""
        return None

    def edge_types(self) -> tuple[EdgeType, ...] | None:
        """The edge types it adds, where they may be several, or none; ``None`` where only running it tells."""
        edge = self.edge_type()
        return None if edge is None else (edge,)

    def needed_edges(self) -> tuple[tuple[Path, EdgeType], ...]:
        """Option and the edge type it names: edges that the data or an earlier step must give."""
        return ()

    def made_nodes(self) -> tuple[str, ...]:
        """Node types that it makes where there are none."""
        return ()


class MethodOptions(ComponentOptions):
    """Options of a method."""

    train_defaults: ClassVar[Mapping[str, Any]] = {}
    """What ``train`` holds where the experiment says nothing, as in YAML: what works on data nobody tuned for.

    An ``optimizer`` that the experiment writes with another ``type`` takes nothing over. Published settings belong into
    ``configs/``, in full."""
    chosen_by: ClassVar[str] = ""
    """The metric, without its split, that a sweep chooses by and a list of runs shows; none where the data name it."""
    moved: ClassVar[Mapping[str, str]] = {}
    """Options that older runs have here → the option of ``train`` that they are now."""
    came_later: ClassVar[Mapping[str, Any]] = {}
    """Options that the ``config.yaml`` of an older run lacks, with the value that leaves the run what it was."""

    def task(self) -> Any:
        """The method with these options, an `avgraph.methods.Task`; its parameters come with the graph."""
        raise NotImplementedError(f"{type(self).__name__}.task")

    def restored(self) -> MethodOptions:
        """The options that rebuild a trained method, without files whose content its checkpoint holds."""
        return self

    def recipe(self) -> tuple[TransformOptions, ...] | None:
        """The transforms that build its graph where the experiment declares none; ``None`` where its class tells."""
        return ()

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """Edge types that the graph must have."""
        return ()

    def classified(self) -> str | None:
        """The node type whose classes it learns from training rows."""
        return None

    def chosen_from(self, epochs: int) -> int:
        """Epochs, of so many, after which the weights are those of the method: none before is the best one."""
        return 0

    def training_mistakes(self, epochs: int) -> list[tuple[str, str]]:
        """Option and message of what does not fit into so many epochs."""
        return []

    def undivided(self) -> str | None:
        """Why its training cannot be split over processes; ``None`` where each can take a part of every batch."""
        return f"a step of {self.type} is not made to be split over processes"
