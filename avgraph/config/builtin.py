"""What a ``type`` can name: per kind of component the name, the options and the class that does the work.

To add one: its implementation file, its options class, and a row here. Classes are named by text
and imported when they are built, so that reading a configuration imports no torch. A ``type`` with a colon,
``my_package.module:MyClass``, is a user's own class and needs no row.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from operator import attrgetter
from typing import Any

from avgraph import datasets, encoders
from avgraph.config import cmcr, methods
from avgraph.errors import ConfigError, one_line
from avgraph.options.base import ComponentOptions, DatasetOptions, EncoderOptions, TransformOptions
from avgraph.options.problems import show
from avgraph.transforms import options as transforms


@dataclass(frozen=True)
class Builtin:
    """A row: the options, and the class they are the keyword arguments of."""

    options: type[ComponentOptions]
    target: str


DATASETS: Mapping[str, type[DatasetOptions]] = {
    "esc50": datasets.ESC50,
    "esc50_zero_shot": datasets.Esc50ZeroShot,
    "esc10": datasets.ESC10,
    "synthetic": datasets.Synthetic,
    "class_paired": datasets.ClassPaired,
    "ave": datasets.AVE,
    "vegas": datasets.VEGAS,
    "audiocaps": datasets.AudioCaps,
    "clotho": datasets.Clotho,
    "esc50_cifar10_spaces": datasets.SoundPictureSpaces,
    "spaces": datasets.SpaceFiles,
    "files": datasets.Files,
}

ENCODERS: Mapping[str, type[EncoderOptions]] = {
    "logmel_cnn": encoders.LogmelCNN,
    "logmel_modulation": encoders.LogmelModulation,
    "precomputed": encoders.Precomputed,
    "logistic_regression": encoders.LogisticRegression,
    "hashing": encoders.Hashing,
    "glove": encoders.GloVe,
    "sentence_transformers": encoders.SentenceTransformers,
    "clip": encoders.CLIP,
    "clap": encoders.CLAP,
    "text_aligned": encoders.TextAligned,
}

TRANSFORMS: Mapping[str, type[TransformOptions]] = {
    "knn": transforms.KnnOptions,
    "candidates": transforms.CandidatesOptions,
    "complete": transforms.CompleteOptions,
    "coupling_edges": transforms.CouplingEdgesOptions,
    "dependency_edges": transforms.DependencyEdgesOptions,
    "memory_edges": transforms.MemoryEdgesOptions,
}

METHODS: Mapping[str, Builtin] = {
    "rrnet": Builtin(methods.RrnetOptions, "avgraph.methods.rrnet:RRNetTask"),
    "lir": Builtin(methods.LirOptions, "avgraph.methods.lir:LIRTask"),
    "mltm": Builtin(methods.MltmOptions, "avgraph.methods.mltm:MLTMTask"),
    "cmcr": Builtin(cmcr.CmcrOptions, "avgraph.methods.cmcr:CMCRTask"),
}


def build(table: Mapping[str, Builtin], options: ComponentOptions) -> Any:
    """An instance of the class that ``options.type`` names, made with the options as keyword arguments.

    Raises:
        ConfigError: if a user's own class cannot be imported any more.
    """
    row = table.get(options.type)
    return import_target(options.type if row is None else row.target)(**options.arguments())


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
