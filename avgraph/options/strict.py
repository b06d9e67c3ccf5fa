"""A strict, frozen class of options, whose mistakes are told in a user's words.

Strict: a whole number is not text, not true and not 5.0; a whole number may stand where a number is expected.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from avgraph.errors import ConfigError
from avgraph.options.mistakes import line_of, message_of, mistakes
from avgraph.options.problems import show

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass  # so that editors know the options
else:
    ModelMetaclass = type(BaseModel)

_HEAD = "Attributes:"
_SECTIONS = ("Shapes:", "Raises:", "Example:")


def with_inherited(doc: str, inherited: Iterable[str], order: Sequence[str]) -> str:
    """The documentation of a class, in whose ``Attributes`` stands what it does not say itself.

    Args:
        doc: of the class.
        inherited: of its bases, nearest first.
        order: of the options.

    Example:
        >>> base = '''Base.
        ...
        ... Attributes:
        ...     seed: of all
        ...         that is drawn.
        ... '''
        >>> print(with_inherited("Clips.\\n\\nAttributes:\\n    size: of a picture.", [base], ["seed", "size"]))
        Clips.
        <BLANKLINE>
        Attributes:
            seed: of all
                that is drawn.
            size: of a picture.
    """
    before, own, after = _parts(doc)
    entries = dict(own)
    for other in inherited:
        for names, text in _parts(other)[1].items():
            if not any(set(names) & set(known) for known in entries):
                entries[names] = text
    if entries == own:
        return inspect.cleandoc(doc)
    place = {name: number for number, name in enumerate(order)}
    lines = [text for _, text in sorted(entries.items(), key=lambda item: place.get(item[0][0], len(place)))]
    return "\n\n".join(part for part in (before, "\n".join([_HEAD, *lines]), after) if part)


def _parts(doc: str) -> tuple[str, dict[tuple[str, ...], str], str]:
    """What stands before the attributes, names → their lines, what stands behind."""
    lines = inspect.cleandoc(doc).split("\n")
    ends = [number for number, line in enumerate(lines) if line in _SECTIONS] + [len(lines)]
    if _HEAD not in lines:
        return "\n".join(lines[: ends[0]]).strip(), {}, "\n".join(lines[ends[0] :]).strip()
    start = lines.index(_HEAD)
    end = next((n for n, line in enumerate(lines[start + 1 :], start + 1) if re.match(r"\S", line)), len(lines))
    entries: list[list[str]] = []
    for line in lines[start + 1 : end]:
        if re.match(r" {4}\S", line):
            entries.append([line])
        elif line.strip():
            entries[-1].append(line)
    named = {tuple(entry[0].strip().partition(":")[0].split(", ")): "\n".join(entry) for entry in entries}
    return "\n".join(lines[:start]).strip(), named, "\n".join(lines[end:]).strip()


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

    @model_validator(mode="wrap")
    @classmethod
    def _tell(cls, value: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(value, Mapping):
            value = {key: item if key in cls.path_keys else _bare(item) for key, item in value.items()}
        try:
            return handler(value)
        except ValidationError as error:
            known = (*cls.model_fields, *cls.also_known)
            told = ((e["loc"], message_of(e, known, cls.gone), e["input"]) for e in error.errors())
            raise mistakes(told) from None


def _bare(value: Any) -> Any:
    """Text without its folder: pydantic before 2.10 takes no subclass of str for a literal."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return str(value) if isinstance(value, str) else value
