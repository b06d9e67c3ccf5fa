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

from avgraph.config import captions, cmcr, datasets, encoders, methods, mmvae, segmentation, spaces, transforms
from avgraph.config.options import ComponentOptions
from avgraph.config.problems import show
from avgraph.errors import ConfigError, one_line


@dataclass(frozen=True)
class Builtin:
    """A row: the options, and the class they are the keyword arguments of."""

    options: type[ComponentOptions]
    target: str


DATASETS: Mapping[str, Builtin] = {
    "esc50": Builtin(datasets.Esc50Options, "avgraph.datasets.esc50:ESC50"),
    "esc50_zero_shot": Builtin(datasets.Esc50ZeroShotOptions, "avgraph.datasets.esc50_zero_shot:Esc50ZeroShot"),
    "esc10": Builtin(datasets.Esc10Options, "avgraph.datasets.esc10:ESC10"),
    "synthetic": Builtin(datasets.SyntheticOptions, "avgraph.datasets.synthetic:Synthetic"),
    "class_paired": Builtin(datasets.ClassPairedOptions, "avgraph.datasets.class_paired:ClassPaired"),
    "ave": Builtin(datasets.AveOptions, "avgraph.datasets.ave:AVE"),
    "vegas": Builtin(datasets.VegasOptions, "avgraph.datasets.vegas:VEGAS"),
    "audiocaps": Builtin(captions.AudioCapsOptions, "avgraph.datasets.audiocaps:AudioCaps"),
    "clotho": Builtin(captions.ClothoOptions, "avgraph.datasets.clotho:Clotho"),
    "esc50_cifar10_spaces": Builtin(
        spaces.SoundPictureSpacesOptions, "avgraph.datasets.sound_picture_spaces:SoundPictureSpaces"
    ),
    "spaces": Builtin(spaces.SpacesOptions, "avgraph.datasets.space_files:SpaceFiles"),
    "stamps": Builtin(segmentation.StampsOptions, "avgraph.datasets.stamps:Stamps"),
    "sounding_shapes": Builtin(segmentation.SoundingShapesOptions, "avgraph.datasets.sounding_shapes:SoundingShapes"),
    "avsbench_s4": Builtin(segmentation.AvsBenchS4Options, "avgraph.datasets.avsbench:AVSBenchS4"),
    "avsbench_ms3": Builtin(segmentation.AvsBenchMs3Options, "avgraph.datasets.avsbench:AVSBenchMS3"),
    "files": Builtin(datasets.FilesOptions, "avgraph.datasets.from_files:Files"),
}

ENCODERS: Mapping[str, Builtin] = {
    "logmel_cnn": Builtin(encoders.LogmelCnnOptions, "avgraph.encoders.logmel_cnn:LogmelCNN"),
    "logmel_modulation": Builtin(
        encoders.LogmelModulationOptions, "avgraph.encoders.logmel_modulation:LogmelModulation"
    ),
    "precomputed": Builtin(encoders.PrecomputedOptions, "avgraph.encoders.precomputed:Precomputed"),
    "logistic_regression": Builtin(
        encoders.LogisticRegressionOptions, "avgraph.encoders.logistic_regression:LogisticRegression"
    ),
    "hashing": Builtin(encoders.HashingOptions, "avgraph.encoders.hashing:Hashing"),
    "glove": Builtin(encoders.GloveOptions, "avgraph.encoders.glove:GloVe"),
    "sentence_transformers": Builtin(
        encoders.SentenceTransformersOptions, "avgraph.encoders.sentence_transformers:SentenceTransformers"
    ),
    "clip": Builtin(spaces.ClipOptions, "avgraph.encoders.clip:CLIP"),
    "clap": Builtin(spaces.ClapOptions, "avgraph.encoders.clap:CLAP"),
    "text_aligned": Builtin(spaces.TextAlignedOptions, "avgraph.encoders.text_aligned:TextAligned"),
}

TRANSFORMS: Mapping[str, Builtin] = {
    "knn": Builtin(transforms.KnnOptions, "avgraph.transforms.knn:KNN"),
    "candidates": Builtin(transforms.CandidatesOptions, "avgraph.transforms.candidates:Candidates"),
    "complete": Builtin(transforms.CompleteOptions, "avgraph.transforms.complete:Complete"),
    "coupling_edges": Builtin(transforms.CouplingEdgesOptions, "avgraph.transforms.coupling_edges:CouplingEdges"),
    "dependency_edges": Builtin(
        transforms.DependencyEdgesOptions, "avgraph.transforms.dependency_edges:DependencyEdges"
    ),
    "memory_edges": Builtin(transforms.MemoryEdgesOptions, "avgraph.transforms.memory_edges:MemoryEdges"),
}

METHODS: Mapping[str, Builtin] = {
    "rrnet": Builtin(methods.RrnetOptions, "avgraph.methods.rrnet:RRNetTask"),
    "lir": Builtin(methods.LirOptions, "avgraph.methods.lir:LIRTask"),
    "mltm": Builtin(methods.MltmOptions, "avgraph.methods.mltm:MLTMTask"),
    "cmcr": Builtin(cmcr.CmcrOptions, "avgraph.methods.cmcr:CMCRTask"),
    "mmvae": Builtin(mmvae.MmvaeOptions, "avgraph.methods.mmvae:MMVAETask"),
}


def build(table: Mapping[str, Builtin], options: ComponentOptions) -> Any:
    """An instance of the class that ``options.type`` names, made with the options as keyword arguments.

    A built-in class with ``takes_options = True`` is handed the options themselves.

    Raises:
        ConfigError: if a user's own class cannot be imported any more.
    """
    row = table.get(options.type)
    made = import_target(options.type if row is None else row.target)
    if row is not None and getattr(made, "takes_options", False):
        return made(options)
    return made(**options.arguments())


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
