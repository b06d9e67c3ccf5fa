"""A user's own component, ``type: my_package.module:MyClass``, checked against the signature of the class."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, model_validator

from avgraph.config.importing import import_target
from avgraph.errors import ConfigError, DataError, closest
from avgraph.options.base import ComponentOptions, DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.mistakes import mistakes
from avgraph.options.problems import Path, suggest_or_list

if TYPE_CHECKING:
    import torch_geometric.data


class _Open(ComponentOptions):
    model_config = ConfigDict(extra="allow", allow_inf_nan=True)

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return _plain(value)


class UserDataset(DatasetOptions, _Open):
    """Options of a user's own data set: what its ``__init__`` takes."""

    def load(self) -> torch_geometric.data.HeteroData:
        """What the user's class loads.

        Raises:
            ConfigError: if it cannot be imported any more.
        """
        return import_target(self.type)(**self.arguments()).load()


class UserEncoder(EncoderOptions, _Open):
    """Options of a user's own encoder: what its ``__init__`` takes."""

    def encode(self, data: torch_geometric.data.HeteroData, node: str, *, context: Any) -> Any:
        """What the user's class makes of a node type.

        Raises:
            ConfigError: if it cannot be imported any more.
        """
        return import_target(self.type)(**self.arguments()).encode(data, node, context=context)

    def encode_new(
        self, data: torch_geometric.data.HeteroData, node: str, learned: Mapping[str, Any], *, context: Any
    ) -> Any:
        """What the user's class makes of further rows.

        Raises:
            DataError: if it has no ``encode_new``.
        """
        made = import_target(self.type)(**self.arguments())
        if not callable(getattr(made, "encode_new", None)):
            name = type(made).__name__
            raise DataError(f"encoders.{node}: {name} has no encode_new(data, node, learned, *, context) for new rows")
        return made.encode_new(data, node, learned, context=context)


class UserTransform(TransformOptions, _Open):
    """Options of a user's own transform: what its ``__init__`` takes."""

    def transform(self) -> Any:
        """An instance of the user's class.

        Raises:
            ConfigError: if it cannot be imported any more.
        """
        return import_target(self.type)(**self.arguments())


class UserMethod(MethodOptions, _Open):
    """Options of a user's own method: what its ``__init__`` takes."""

    def task(self) -> Any:
        """An instance of the class.

        Raises:
            ConfigError: if it cannot be imported any more.
        """
        return import_target(self.type)(**self.arguments())

    def recipe(self) -> None:
        """Its class tells (`avgraph.methods.Task.recipe`)."""

    def undivided(self) -> str | None:
        """Its class tells (`avgraph.methods.Task.splits_batches`)."""
        return None if getattr(import_target(self.type), "splits_batches", False) else super().undivided()


def checked_user_type(value: Mapping[str, Any], does: str | None) -> dict[str, Any]:
    """Import the class that ``value["type"]`` names and check that it takes the other keys.

    The folder of the file that wrote the type and the working directory are importable for this import.

    Args:
        value: type and options.
        does: the method that the class must have, such as ``load`` of a data set.

    Returns:
        Type and options; like every path, a module found in one of those folders is made absolute
        (``/home/me/experiments/my_module:MyClass``), so that the run can be resumed from anywhere.

    Raises:
        ValidationError: with one line per mistake.
    """
    name = value["type"]
    folders = list(dict.fromkeys(folder for folder in (getattr(name, "folder", ""), os.getcwd()) if folder))
    try:
        made = import_target(str(name), folders)
    except ConfigError as error:
        raise mistakes([(("type",), str(error), name)]) from None
    if not isinstance(made, type):
        raise mistakes([(("type",), f"expected a class, got '{name}', a {type(made).__name__}", name)])
    if does is not None and not callable(getattr(made, does, None)):
        message = f"expected a class with a method {does}, got '{name}', which has none"
        raise mistakes([(("type",), message, name)])
    found = [(path, message, value.get(str(path[0]))) for path, message in check_signature(made, value)]
    if found:
        raise mistakes(found)
    return {**value, "type": _located(str(name), folders)}


def _located(target: str, folders: Sequence[str]) -> str:
    """``target`` with its folder before it, where its module would not be found without ``folders``."""
    package = target.split(":")[0].split(".")[0]
    if not package.isidentifier():
        return target  # it has its folder already
    usual = PathFinder.find_spec(package, [entry for entry in sys.path if entry])  # "" is the working directory
    for folder in folders:
        found = PathFinder.find_spec(package, [folder])
        if found is not None:
            same = usual is not None and usual.origin == found.origin
            return target if same else os.path.join(os.path.abspath(folder), target)
    return target


def check_signature(made: type, options: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """What is wrong with ``options`` (but for ``type``) as keyword arguments of a class.

    Example:
        >>> class Mine:
        ...     def __init__(self, size: int, seed: int = 0) -> None: ...
        >>> check_signature(Mine, {"type": "mine:Mine", "sede": 1})
        [(('size',), "missing required key of 'Mine'"), (('sede',), "unknown key; did you mean 'seed'?")]
    """
    try:
        parameters = inspect.signature(made).parameters.values()
    except (ValueError, TypeError):
        return [(("type",), f"'{made.__name__}' has no signature that its options can be checked against")]
    kinds = inspect.Parameter
    named = {p.name: p for p in parameters if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)}
    found: list[tuple[Path, str]] = []
    for parameter in parameters:
        if parameter.kind is kinds.POSITIONAL_ONLY and parameter.default is kinds.empty:
            message = f"'{made.__name__}' takes '{parameter.name}' by position only, expected keywords"
            found.append((("type",), message))
    takes_any = any(parameter.kind is kinds.VAR_KEYWORD for parameter in parameters)
    unknown = [] if takes_any else [key for key in options if key != "type" and key not in named]
    meant = {closest(key, named) for key in unknown}
    for name, parameter in named.items():
        if parameter.default is kinds.empty and name not in options and name not in meant:
            found.append(((name,), f"missing required key of '{made.__name__}'"))
    found += (((key,), f"unknown key{suggest_or_list(key, named, 'known keys')}") for key in unknown)
    return found


def _plain(value: Any) -> Any:
    """Texts that know their folder become plain ones, as the class is to see them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value
