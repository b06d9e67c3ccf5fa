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
from avgraph.config.experiment import Experiment
from avgraph.config.methods import LirOptions, MltmOptions, RrnetOptions
from avgraph.config.reading import (
    dump_experiment,
    experiment_from_dict,
    load_experiment,
    load_run_experiment,
)
from avgraph.config.schema import experiment_schema
from avgraph.config.spaces import SoundPictureSpacesOptions, SpacesOptions
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.train import OptimizerOptions, TrainOptions
from avgraph.transforms.options import (
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
    "CandidatesOptions",
    "ClassPairedOptions",
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
    "KnnOptions",
    "LirOptions",
    "MemoryEdgesOptions",
    "MethodOptions",
    "MltmOptions",
    "NodeFiles",
    "OptimizerOptions",
    "RrnetOptions",
    "SoundPictureSpacesOptions",
    "SpacesOptions",
    "SyntheticOptions",
    "TrainOptions",
    "TransformOptions",
    "VegasOptions",
    "dump_experiment",
    "experiment_from_dict",
    "experiment_schema",
    "load_experiment",
    "load_run_experiment",
]
