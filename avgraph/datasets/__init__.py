"""Data sets: each one is its options, and ``load()`` gives a ``HeteroData`` graph with splits. No torch before that."""

from __future__ import annotations

from avgraph.datasets.avsbench.options import AVSBenchMS3, AVSBenchS4
from avgraph.datasets.captions.options import AudioCaps, Clotho
from avgraph.datasets.cifar.options import CIFAR10, CIFAR100
from avgraph.datasets.esc.options import ESC10, ESC50, Esc50ZeroShot
from avgraph.datasets.features.options import AVE, VEGAS
from avgraph.datasets.files.options import Files
from avgraph.datasets.files.part_options import EdgeFiles, NodeFiles
from avgraph.datasets.files.split_options import DrawnSplit, RandomSplit
from avgraph.datasets.frames import from_frames
from avgraph.datasets.graph_file.options import GraphFile
from avgraph.datasets.paired.options import ClassPaired
from avgraph.datasets.ratings.movielens_options import MovieLens100K
from avgraph.datasets.ratings.options import Ciao, FilmTrust
from avgraph.datasets.ratings.own_options import RatingFiles
from avgraph.datasets.recordings.options import Recordings
from avgraph.datasets.run.options import RunGraph
from avgraph.datasets.sounding_shapes.options import SoundingShapes
from avgraph.datasets.spaces.options import SoundPictureSpaces, SpaceFiles
from avgraph.datasets.spaces.part_options import HeldOutFiles, LocalisationFiles
from avgraph.datasets.stamps.caption_options import StampCaptions
from avgraph.datasets.stamps.options import Stamps
from avgraph.datasets.synthetic.options import Synthetic

__all__ = [
    "AVE",
    "CIFAR10",
    "CIFAR100",
    "ESC10",
    "ESC50",
    "VEGAS",
    "AVSBenchMS3",
    "AVSBenchS4",
    "AudioCaps",
    "Ciao",
    "ClassPaired",
    "Clotho",
    "DrawnSplit",
    "EdgeFiles",
    "Esc50ZeroShot",
    "Files",
    "FilmTrust",
    "GraphFile",
    "HeldOutFiles",
    "LocalisationFiles",
    "MovieLens100K",
    "NodeFiles",
    "RandomSplit",
    "RatingFiles",
    "Recordings",
    "RunGraph",
    "SoundPictureSpaces",
    "SoundingShapes",
    "SpaceFiles",
    "StampCaptions",
    "Stamps",
    "Synthetic",
    "from_frames",
]
