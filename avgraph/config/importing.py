"""What ``my_package.module:MyClass`` names: a user's own class, found beside the file that names it."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder
from operator import attrgetter
from typing import Any

from avgraph.errors import ConfigError, one_line
from avgraph.options.problems import show


def import_target(target: str, folders: Sequence[str] = ()) -> Any:
    """What ``my_package.module:MyClass`` names.

    Args:
        target: module, a colon, name; before the module may stand the folder that it lies in.
        folders: folders to import from beside the usual ones, for this import only; the first wins.

    Raises:
        ConfigError: if it cannot be imported; one line.

    Example:
        >>> import_target("avgraph.errors:ConfigError").__name__
        'ConfigError'
    """
    path, _, name = target.rpartition(":")
    folder, module = os.path.split(path)
    folders = [folder, *folders] if folder else folders
    if not all(part.isidentifier() for part in [*module.split("."), *name.split(".")]):
        raise ConfigError(f"expected module:Class, got {show(target)}")
    with _importable(module.split(".")[0], folders):
        try:
            loaded = importlib.import_module(module)
        except (Exception, SystemExit) as error:  # a user's module can fail in any way
            reason = one_line((str(error) or "no message").splitlines()[0])
            raise ConfigError(f"cannot import '{module}': {type(error).__name__}: {reason}") from error
    try:
        return attrgetter(name)(loaded)
    except AttributeError:
        raise ConfigError(f"module '{module}' has no '{name}'") from None


@contextmanager
def _importable(package: str, folders: Sequence[str]) -> Iterator[None]:
    """Let imports find what is in ``folders``, for the length of the block."""
    loaded = getattr(sys.modules.get(package), "__file__", None)
    importlib.invalidate_caches()
    if loaded and folders:
        spec = PathFinder.find_spec(package, list(folders))
        if spec is not None and spec.origin not in (None, loaded):  # Python would hand out the other one
            hidden = f"module '{package}' of {spec.origin} is hidden by {loaded}"
            raise ConfigError(f"{hidden}, imported before; rename it")
    before = list(sys.path)
    sys.path[:0] = folders
    try:
        yield
    finally:
        sys.path[:] = before
