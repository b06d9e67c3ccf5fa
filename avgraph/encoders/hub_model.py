"""What the encoders by pretrained models share: the model is a name on the hub or a folder. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator

from avgraph.options.base import EncoderOptions
from avgraph.options.inputs import Input, named
from avgraph.options.paths import absolute
from avgraph.options.values import Name


def name_or_folder(value: Any) -> Any:
    """A name as it is, a folder as an absolute path: what begins as a path, or is there.

    Example:
        >>> name_or_folder("openai/clip-vit-base-patch32")
        'openai/clip-vit-base-patch32'
        >>> os.path.isabs(name_or_folder("./clip"))
        True
    """
    if isinstance(value, os.PathLike):
        return absolute(value)
    if not isinstance(value, str) or not value or "\0" in value:
        return value
    base = getattr(value, "folder", os.getcwd())
    is_folder = value.startswith((".", "~")) or os.path.isabs(value) or os.path.isdir(os.path.join(base, value))
    return absolute(value) if is_folder else str(value)


ModelName = Annotated[Name, BeforeValidator(name_or_folder)]


class HubModel(EncoderOptions):
    """An encoder by a pretrained model.

    Attributes:
        model: name on the Hugging Face hub, or a folder.
    """

    path_keys = ("model",)

    model: ModelName

    def inputs(self) -> Iterator[Input]:
        """The folder, where it is one."""
        return named(("model",), self.model if os.path.isabs(self.model) else None, "folder")
