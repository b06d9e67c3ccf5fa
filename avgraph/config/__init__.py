"""Experiments declared in YAML: schema, reading with line numbers, overrides. Imports no torch."""

from __future__ import annotations

from avgraph.config.experiment import Experiment, experiment_schema
from avgraph.config.reading import (
    dump_experiment,
    experiment_from_dict,
    load_experiment,
    load_run_experiment,
)
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.lir.options import LirOptions
from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.train import OptimizerOptions, TrainOptions
from avgraph.transforms.concept_options import ActivationEdgesOptions, DependencyEdgesOptions, InferDependenciesOptions
from avgraph.transforms.options import (
    CandidatesOptions,
    CompleteOptions,
    CouplingEdgesOptions,
    KnnOptions,
    MemoryEdgesOptions,
)
from avgraph.transforms.rating_options import (
    CoRatedOptions,
    RatingModelOptions,
    RatingStatisticsOptions,
    UnratedOptions,
)
from avgraph.transforms.relation_options import ComposeEdgesOptions, CorruptEdgesOptions, PairEdgesOptions
from avgraph.transforms.score_options import CorrectAndSmoothOptions

__all__ = [
    "ActivationEdgesOptions",
    "CandidatesOptions",
    "CmcrOptions",
    "CoRatedOptions",
    "CompleteOptions",
    "ComposeEdgesOptions",
    "CorrectAndSmoothOptions",
    "CorruptEdgesOptions",
    "CouplingEdgesOptions",
    "DatasetOptions",
    "DependencyEdgesOptions",
    "EncoderOptions",
    "Experiment",
    "InferDependenciesOptions",
    "KnnOptions",
    "LirOptions",
    "MemoryEdgesOptions",
    "MethodOptions",
    "MltmOptions",
    "MmvaeOptions",
    "OptimizerOptions",
    "PairEdgesOptions",
    "RatingModelOptions",
    "RatingStatisticsOptions",
    "RrnetOptions",
    "RrnetRatingsOptions",
    "TrainOptions",
    "TransformOptions",
    "UnratedOptions",
    "dump_experiment",
    "experiment_from_dict",
    "experiment_schema",
    "load_experiment",
    "load_run_experiment",
]
