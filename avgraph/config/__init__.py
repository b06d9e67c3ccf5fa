"""Experiments declared in YAML: schema, reading with line numbers, overrides. Imports no torch."""

from __future__ import annotations

from avgraph.config.captions import AudioCapsOptions, ClothoOptions
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
from avgraph.config.reading import (
    dump_experiment,
    experiment_from_dict,
    load_experiment,
    load_run_experiment,
)
from avgraph.config.schema import experiment_schema
from avgraph.config.spaces import (
    ClapOptions,
    ClipOptions,
    SoundPictureSpacesOptions,
    SpacesOptions,
    TextAlignedOptions,
)
from avgraph.config.transforms import (
    CandidatesOptions,
    CompleteOptions,
    CouplingEdgesOptions,
    DependencyEdgesOptions,
    KnnOptions,
    MemoryEdgesOptions,
)
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.lir.options import LirOptions
from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.train import OptimizerOptions, TrainOptions

__all__ = [
    "AudioCapsOptions",
    "AveOptions",
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
    "NodeFiles",
    "OptimizerOptions",
    "PrecomputedOptions",
    "RrnetOptions",
    "SentenceTransformersOptions",
    "SoundPictureSpacesOptions",
    "SpacesOptions",
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
