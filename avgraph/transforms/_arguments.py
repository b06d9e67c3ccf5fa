"""Arguments of a transform's constructor, checked by the class of its options: they cannot disagree."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError

from avgraph.errors import GraphError
from avgraph.options.base import TransformOptions
from avgraph.options.problems import dotted

Checked = TypeVar("Checked", bound=TransformOptions)


def check_arguments(options: type[Checked], **given: Any) -> Checked:
    """The options of a constructor's arguments; those at their default count as not written.

    Raises:
        GraphError: one line a mistake, where the class of the options refuses them.

    Example:
        >>> from avgraph.transforms.options import KnnOptions
        >>> check_arguments(KnnOptions, node="audio", k=0)
        Traceback (most recent call last):
        avgraph.errors.GraphError: k: expected a number of at least 1, got 0
    """
    default = {key: options.model_fields[key].default for key in given}
    written = {key: x for key, x in given.items() if x != default[key] or type(x) is not type(default[key])}
    try:
        return options.model_validate({"type": options.model_fields["type"].default, **written})
    except ValidationError as error:
        raise GraphError("\n".join(f"{dotted(e['loc'])}: {e['msg']}" for e in error.errors())) from None
