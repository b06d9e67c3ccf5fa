"""A field that holds one component: its ``type`` picks the options class from the table of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from avgraph.config import builtin
from avgraph.config.user_types import UserDataset, UserEncoder, UserMethod, UserTransform, checked_user_type
from avgraph.options.base import ComponentOptions, DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.mistakes import mistakes
from avgraph.options.problems import show, suggest_or_list
from avgraph.options.sentences import described


@dataclass(frozen=True)
class Component:
    """Annotation of a field.

    Attributes:
        kind: what it is called in messages.
        table: the built-in types.
        base: options class of the kind.
        user: options class of a user's own type; ``does``: the method that the user's class must have.
    """

    kind: str
    table: Mapping[str, type[ComponentOptions]]
    base: type[ComponentOptions]
    user: type[ComponentOptions]
    does: str | None

    def read(self, value: Any) -> Any:
        """Options of the class that ``value["type"]`` asks for; what is no mapping is left to the field.

        Raises:
            ValidationError: for a type that does not exist, or options that it does not take.
        """
        if not isinstance(value, Mapping):
            return value
        if "type" not in value:
            raise mistakes([(("type",), f"missing required key (one of {', '.join(self.table)})", value)])
        name = value["type"]
        if not isinstance(name, str):
            raise mistakes([(("type",), f"expected text, got {show(name)}", name)])
        if ":" in name:
            return self.user.model_validate(checked_user_type(value, self.does))
        if name not in self.table:
            hint = suggest_or_list(name, self.table, "known types")
            hint += "" if "did you mean" in hint else ", or your own, as module:Class"
            raise mistakes([(("type",), f"unknown {self.kind} {show(name)}{hint}", name)])
        return self.table[name].model_validate(value)

    def guess(self, value: Any) -> ComponentOptions | None:
        """Unchecked options that hold no more than the node types named in a mapping with mistakes."""
        options = self.options_class(value)
        if options is None or not isinstance(value, Mapping):
            return None
        named = {key: value[key] for key in options.node_keys if isinstance(value.get(key), (str, dict))}
        return options.model_construct(**named)

    def options_class(self, value: Any) -> type[ComponentOptions] | None:
        """The options class of built options or of a mapping's ``type``; ``None`` where there is no such type."""
        if isinstance(value, self.base):
            return type(value)
        name = value.get("type") if isinstance(value, Mapping) else None
        return self.table.get(name) if isinstance(name, str) else None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read first, then check that the result is of the annotated class."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        """A built-in type, a user's own, or (where another file is extended) options without a type."""
        own = {
            "title": f"your own {self.kind}",
            "type": "object",
            "properties": {
                "type": {"description": "my_package.module:MyClass", "type": "string", "pattern": "^.+:[^:]+$"}
            },
            "required": ["type"],
        }
        rest = {
            "title": "options of the type that the extended file names",
            "type": "object",
            "not": {"required": ["type"]},
        }
        return {"oneOf": [*(_demand_type(options, handler) for options in self.table.values()), own, rest]}


@dataclass(frozen=True)
class OneOrMore:
    """Annotation of a field that holds one component or a list of them."""

    component: Component

    def read(self, value: Any) -> Any:
        """Options, or a list of options.

        Raises:
            ValidationError: for anything else, an empty list, or a component with mistakes.
        """
        if not isinstance(value, list):
            return self._one(value)
        if not value:
            raise mistakes([((), f"expected at least one {self.component.kind}, got an empty list", value)])
        made: list[Any] = []
        found: list[Any] = []
        for index, item in enumerate(value):
            try:
                made.append(self._one(item))
            except ValidationError as error:
                found += [((index, *e["loc"]), e["msg"], e["input"]) for e in error.errors()]
        if found:
            raise mistakes(found)
        return made

    def _one(self, value: Any) -> Any:
        options = self.component.read(value)
        if not isinstance(options, self.component.base):
            raise mistakes([((), f"expected a mapping with a type, got {show(value)}", value)])
        return options

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read first, then check that the result is of the annotated class."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        """One, or a list of at least one."""
        one = self.component.__get_pydantic_json_schema__(schema, handler)
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _demand_type(options: type[ComponentOptions], handler: GetJsonSchemaHandler) -> Any:
    """JSON Schema of options; the type's default in Python must not make a mapping without one valid."""
    part = handler(options.__pydantic_core_schema__)
    whole = handler.resolve_ref_schema(part)
    described(whole, options.__doc__ or "")
    whole["properties"]["type"].pop("default", None)
    whole["properties"]["type"]["description"] = whole["description"].split("\n\n")[0].replace("\n", " ")
    whole["required"] = ["type", *(key for key in whole.get("required", []) if key != "type")]
    if issubclass(options, MethodOptions) and options.train_defaults:
        whole["description"] += f"\n\nWhere train says nothing: {_told(options.train_defaults)}."
    return part


def _told(defaults: Mapping[str, Any]) -> str:
    """``{"epochs": 7, "optimizer": {"lr": 0.1}}`` → ``epochs 7, optimizer (lr 0.1)``."""
    return ", ".join(f"{key} ({_told(v)})" if isinstance(v, Mapping) else f"{key} {v}" for key, v in defaults.items())


DATASET = Component("data set", builtin.DATASETS, DatasetOptions, UserDataset, "load")
ENCODERS = OneOrMore(Component("encoder", builtin.ENCODERS, EncoderOptions, UserEncoder, "encode"))
TRANSFORM = Component("transform", builtin.TRANSFORMS, TransformOptions, UserTransform, "__call__")
METHOD = Component("method", builtin.METHODS, MethodOptions, UserMethod, None)
