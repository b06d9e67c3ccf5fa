"""What a ``type`` can name: per kind of component the name and its options, which are the component or build it.

To add one: its file, and a row here. What does the work is imported when it is used, so that reading a configuration
imports no torch. A ``type`` with a colon, ``my_package.module:MyClass``, is a user's own class and needs no row.
"""

from __future__ import annotations

from collections.abc import Mapping

from avgraph import datasets, encoders
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.lir.options import LirOptions
from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.transforms import concept_options as concept_transforms
from avgraph.transforms import options as transforms
from avgraph.transforms import rating_options as rating_transforms
from avgraph.transforms import relation_options as relation_transforms
from avgraph.transforms import score_options as score_transforms

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
    "stamps": datasets.Stamps,
    "stamp_captions": datasets.StampCaptions,
    "sounding_shapes": datasets.SoundingShapes,
    "avsbench_s4": datasets.AVSBenchS4,
    "avsbench_ms3": datasets.AVSBenchMS3,
    "cifar10": datasets.CIFAR10,
    "cifar100": datasets.CIFAR100,
    "files": datasets.Files,
    "recordings": datasets.Recordings,
    "graph_file": datasets.GraphFile,
    "filmtrust": datasets.FilmTrust,
    "ciao": datasets.Ciao,
    "movielens100k": datasets.MovieLens100K,
    "ratings": datasets.RatingFiles,
    "run": datasets.RunGraph,
}

ENCODERS: Mapping[str, type[EncoderOptions]] = {
    "logmel_cnn": encoders.LogmelCNN,
    "logmel_modulation": encoders.LogmelModulation,
    "logmel_patches": encoders.LogmelPatches,
    "picture_cnn": encoders.PictureCNN,
    "precomputed": encoders.Precomputed,
    "logistic_regression": encoders.LogisticRegression,
    "perceptron": encoders.Perceptron,
    "neighbour_votes": encoders.NeighbourVotes,
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
    "dependency_edges": concept_transforms.DependencyEdgesOptions,
    "memory_edges": transforms.MemoryEdgesOptions,
    "infer_dependencies": concept_transforms.InferDependenciesOptions,
    "activation_edges": concept_transforms.ActivationEdgesOptions,
    "pair_edges": relation_transforms.PairEdgesOptions,
    "compose_edges": relation_transforms.ComposeEdgesOptions,
    "corrupt_edges": relation_transforms.CorruptEdgesOptions,
    "correct_and_smooth": score_transforms.CorrectAndSmoothOptions,
    "co_rated": rating_transforms.CoRatedOptions,
    "unrated": rating_transforms.UnratedOptions,
    "rating_statistics": rating_transforms.RatingStatisticsOptions,
    "rating_model": rating_transforms.RatingModelOptions,
}

METHODS: Mapping[str, type[MethodOptions]] = {
    "rrnet": RrnetOptions,
    "rrnet_ratings": RrnetRatingsOptions,
    "lir": LirOptions,
    "mltm": MltmOptions,
    "cmcr": CmcrOptions,
    "mmvae": MmvaeOptions,
}
