"""What every options class shares: strict, frozen, and mistakes told in a user's words.

Strict: a whole number is not text, not true and not 5.0; a whole number may stand where a number is expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from avgraph.errors import ConfigError
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.inputs import Input, named
from avgraph.options.problems import Path, dotted, show, suggest, suggest_or_list

if TYPE_CHECKING:
    import torch_geometric.data
    import torch_geometric.transforms
    from pydantic._internal._model_construction import ModelMetaclass  # so that editors know the options
else:
    ModelMetaclass = type(BaseModel)

Name = Annotated[str, Field(min_length=1)]
SpaceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
NonNegative = Annotated[float, Field(ge=0)]

_TOLD = "avgraph"  # the kind of an error whose message is already a user's
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "text without half surrogate pairs",
    "string_too_short": "text that is not empty",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "at least {min_length} entry",
}


class _Telling(ModelMetaclass):
    """Makes a class whose call tells what is wrong with its arguments as every other part of the package does."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if args:
            raise ConfigError(f"{cls.__name__}: options are given by name, as option=value; got {show(args[0])}")
        try:
            return super().__call__(**options)
        except ValidationError as error:
            lines = (f"{cls.__name__}: {_line(e['loc'], e['msg'])}" for e in error.errors())
            raise ConfigError("\n".join(lines)) from None


class Options(BaseModel, metaclass=_Telling):
    """Base of all parts of an experiment.

    Raises:
        ConfigError: where one is built in Python from wrong values; one line a mistake.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)
    also_known: ClassVar[tuple[str, ...]] = ()
    """Keys to suggest beside the options."""
    path_keys: ClassVar[tuple[str, ...]] = ()
    """Options that are paths, whose text must keep the folder of its file until it is read."""
    gone: ClassVar[Mapping[str, str]] = {}
    """Options that there are no more → what to do instead."""

    @model_validator(mode="wrap")
    @classmethod
    def _tell(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, Mapping):
            value = {key: item if key in cls.path_keys else _bare(item) for key, item in value.items()}
        try:
            return handler(value)
        except ValidationError as error:
            known = (*cls.model_fields, *cls.also_known)
            told = ((e["loc"], _message(e, known, cls.gone), e["input"]) for e in error.errors())
            raise mistakes(told) from None


class ComponentOptions(Options):
    """Options of something that is chosen by its ``type``."""

    type: str
    node_keys: ClassVar[tuple[str, ...]] = ()
    """Options that name node types."""

    def node_fields(self) -> dict[str, Any]:
        """Option → the node type it names."""
        return {key: getattr(self, key) for key in self.node_keys if hasattr(self, key)}

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

    def unlabelled(self, node: str) -> dict[Path, str]:
        """Option → what it would give: the classes and splits that rows of a node type are known to lack."""
        return {}


class EncoderOptions(ComponentOptions):
    """Options of an encoder of one node type, which are the encoder: ``encode`` imports what does the work."""

    def encode(self, data: torch_geometric.data.HeteroData, node: str, *, context: Any) -> Any:
        """A shallow copy of ``data`` with feature vectors of ``node``; ``context`` is that of `avgraph.encoders`.

        Raises:
            DataError: if the node type lacks what the encoder reads.
        """
        raise NotImplementedError(f"{type(self).__name__} has no encode")


class TransformOptions(ComponentOptions):
    """Options of a step that adds edges."""

    def transform(self) -> torch_geometric.transforms.BaseTransform:
        """The step; called with a graph it returns a shallow copy with the edges."""
        raise NotImplementedError(f"{type(self).__name__} has no transform")

    def edge_type(self) -> EdgeType | None:
        """The edge type it adds; ``None`` where only running it tells."""
        return None


class MethodOptions(ComponentOptions):
    """Options of a method."""

    train_defaults: ClassVar[Mapping[str, Any]] = {}
    """What ``train`` holds where the experiment says nothing, as in YAML: what works on data nobody tuned for.

    An ``optimizer`` that the experiment writes with another ``type`` takes nothing over. Published settings belong into
    ``configs/``, in full."""
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

    def training_mistakes(self, epochs: int) -> list[tuple[str, str]]:
        """Option and message of what does not fit into so many epochs."""
        return []


def _line(path: Path, message: str) -> str:
    return f"{dotted(path)}: {message}" if path else message


def mistakes(found: Iterable[tuple[Path, str, Any]]) -> ValidationError:
    """A pydantic error of (path, message, value) triples, to raise in a validator: its paths nest."""
    details = [
        InitErrorDetails(type=PydanticCustomError(_TOLD, message), loc=path, input=value)
        for path, message, value in found
    ]
    return ValidationError.from_exception_data("avgraph", details)


def mistake(message: str) -> PydanticCustomError:
    """One mistake at the value under validation, to raise in a validator of a field."""
    return PydanticCustomError(_TOLD, message)


def each_once(value: list[str]) -> list[str]:
    """Refuse a list that names something twice.

    Raises:
        ValidationError: at the second of the two.
    """
    found = [((index,), f"'{name}' is listed twice", name) for index, name in enumerate(value) if name in value[:index]]
    if found:
        raise mistakes(found)
    return value


OnMissing = Annotated[list[Literal["download", "synthetic"]], AfterValidator(each_once)]
"""What to try, in order, where there is no data; an empty list makes that an error."""
SyntheticOnMissing = Annotated[list[Literal["synthetic"]], AfterValidator(each_once)]
"""The same for data that cannot be downloaded."""


def _bare(value: Any) -> Any:
    """Text without its folder: pydantic before 2.10 takes no subclass of str for a literal."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _message(error: Mapping[str, Any], known: tuple[str, ...], gone: Mapping[str, str]) -> str:
    kind, value = error["type"], error["input"]
    context = {k: str(v).removesuffix(".0") for k, v in error.get("ctx", {}).items()}
    if kind == _TOLD:
        return str(error["msg"])
    if kind == "missing":
        return "missing required key"
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"is gone; {gone[key]}" if key in gone else f"unknown key{suggest_or_list(key, known, 'known keys')}"
    if kind not in _EXPECTED:
        return f"{error['msg']}, got {show(value)}"
    text = f"expected {_EXPECTED[kind].format(**context)}, got {show(value)}"
    if kind == "string_type" and isinstance(value, (int, float)):
        text += "; put it in quotes"
    if kind == "literal_error" and isinstance(value, str):
        text += suggest(value, re.findall(r"'([^']*)'", context["expected"]))
    return text
