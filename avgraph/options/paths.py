"""Options that name files: made absolute, starting from the folder of the file that wrote them."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import BeforeValidator

from avgraph.options.mistakes import mistake
from avgraph.options.values import Name


def absolute(value: Any) -> Any:
    """An absolute path for text, anything else as it is (its type is checked afterwards).

    A leading ``~`` is the home folder; nothing else is expanded. Text that was not read from a file starts
    from the working directory.

    Example:
        >>> from avgraph.config.marked import WrittenText
        >>> absolute(WrittenText("../data/x.npy", "/home/me/configs"))
        '/home/me/data/x.npy'
    """
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if not isinstance(value, str) or not value:
        return value
    if "\0" in value:
        raise mistake(f"expected a path, got {str(value)!r}")
    home = os.path.expanduser(value)
    if home == value and value.startswith("~"):
        raise mistake(f"no home folder for '{value.split('/')[0]}'; write './{value}' if it is not one")
    file, colon, key = os.path.join(getattr(value, "folder", os.getcwd()), home).partition(":")
    return f"{os.path.normpath(file)}{colon}{key}"  # a key after the colon is no path: its slashes stay


FilePath = Annotated[Name, BeforeValidator(absolute)]
"""A path, or a path with what to read in the file: ``bundle.npz:key``. Name the option in its class's ``path_keys``."""
