"""A strict, frozen class of options, whose mistakes are told in a user's words.

Strict: a whole number is not text, not true and not 5.0; a whole number may stand where a number is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema

from avgraph.errors import ConfigError
from avgraph.options.mistakes import line_of, message_of, mistakes, without_misspelt
from avgraph.options.problems import show
from avgraph.options.sentences import described, with_inherited

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass  # so that editors know the options
else:
    ModelMetaclass = type(BaseModel)


class _Telling(ModelMetaclass):
    """Makes a class whose call tells what is wrong with its arguments as every other part of the package does."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        if args:
            raise ConfigError(f"{cls.__name__}: options are given by name, as option=value; got {show(args[0])}")
        try:
            return super().__call__(**options)
        except ValidationError as error:
            lines = (f"{cls.__name__}: {line_of(e['loc'], e['msg'])}" for e in error.errors())
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

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Show the sentences of its bases too."""
        bases = [base.__dict__["__doc__"] or "" for base in cls.__mro__[1:] if issubclass(base, Options)]
        cls.__doc__ = with_inherited(cls.__doc__ or "", bases, list(cls.model_fields))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Any:
        """JSON Schema in which every option has its sentence, so that editors show it."""
        part = handler(schema)
        described(handler.resolve_ref_schema(part), cls.__doc__ or "")
        return part

    @model_validator(mode="wrap")
    @classmethod
    def _tell(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, Mapping):
            value = {key: item if key in cls.path_keys else _bare(item) for key, item in value.items()}
        try:
            return handler(value)
        except ValidationError as error:
            known = (*cls.model_fields, *cls.also_known)
            found = without_misspelt(error.errors(), known)
            told = ((e["loc"], message_of(e, known, cls.gone), e["input"]) for e in found)
            raise mistakes(told) from None


def _bare(value: Any) -> Any:
    """Text without its folder: pydantic before 2.10 takes no subclass of str for a literal."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return str(value) if isinstance(value, str) else value
