"""Experiments declared in YAML: schema, reading with line numbers, overrides. Imports no torch."""

from __future__ import annotations

from avgraph.config.captions import AudioCapsOptions, ClothoOptions
from avgraph.config.cmcr import CmcrOptions
from avgraph.config.datasets import (
    AveOptions,
    ClassPairedOptions,
    EdgeFiles,
    Esc10Options,
    Esc50Options,
    Esc50ZeroShotOptions,
    FilesOptions,
    NodeFiles,
    SyntheticOptions,
    VegasOptions,
)
from avgraph.config.encoders import (
    GloveOptions,
    HashingOptions,
    LogisticRegressionOptions,
    LogmelCnnOptions,
    LogmelModulationOptions,
    PrecomputedOptions,
    SentenceTransformersOptions,
)
from avgraph.config.experiment import Experiment
from avgraph.config.methods import LirOptions, MltmOptions, RrnetOptions
from avgraph.config.mmvae import MmvaeOptions
from avgraph.config.options import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.config.reading import (
    dump_experiment,
    experiment_from_dict,
    load_experiment,
    load_run_experiment,
)
from avgraph.config.schema import experiment_schema
from avgraph.config.segmentation import (
    AvsBenchMs3Options,
    AvsBenchS4Options,
    SoundingShapesOptions,
    StampsOptions,
)
from avgraph.config.spaces import (
    ClapOptions,
    ClipOptions,
    SoundPictureSpacesOptions,
    SpacesOptions,
    TextAlignedOptions,
)
from avgraph.config.train import OptimizerOptions, TrainOptions
from avgraph.config.transforms import (
    CandidatesOptions,
    CompleteOptions,
    CouplingEdgesOptions,
    DependencyEdgesOptions,
    KnnOptions,
    MemoryEdgesOptions,
)

__all__ = [
    "AudioCapsOptions",
    "AveOptions",
    "AvsBenchMs3Options",
    "AvsBenchS4Options",
    "CandidatesOptions",
    "ClapOptions",
    "ClassPairedOptions",
    "ClipOptions",
    "ClothoOptions",
    "CmcrOptions",
    "CompleteOptions",
    "CouplingEdgesOptions",
    "DatasetOptions",
    "DependencyEdgesOptions",
    "EdgeFiles",
    "EncoderOptions",
    "Esc10Options",
    "Esc50Options",
    "Esc50ZeroShotOptions",
    "Experiment",
    "FilesOptions",
    "GloveOptions",
    "HashingOptions",
    "KnnOptions",
    "LirOptions",
    "LogisticRegressionOptions",
    "LogmelCnnOptions",
    "LogmelModulationOptions",
    "MemoryEdgesOptions",
    "MethodOptions",
    "MltmOptions",
    "MmvaeOptions",
    "NodeFiles",
    "OptimizerOptions",
    "PrecomputedOptions",
    "RrnetOptions",
    "SentenceTransformersOptions",
    "SoundPictureSpacesOptions",
    "SoundingShapesOptions",
    "SpacesOptions",
    "StampsOptions",
    "SyntheticOptions",
    "TextAlignedOptions",
    "TrainOptions",
    "TransformOptions",
    "VegasOptions",
    "dump_experiment",
    "experiment_from_dict",
    "experiment_schema",
    "load_experiment",
    "load_run_experiment",
]
