"""Datasets: each one is built with its options and gives a ``HeteroData`` graph with splits by ``load()``."""

from __future__ import annotations

from avgraph.datasets.audiocaps import AudioCaps
from avgraph.datasets.ave import AVE
from avgraph.datasets.avsbench import AVSBenchMS3, AVSBenchS4
from avgraph.datasets.class_paired import ClassPaired
from avgraph.datasets.clotho import Clotho
from avgraph.datasets.esc10 import ESC10
from avgraph.datasets.esc50 import ESC50
from avgraph.datasets.from_files import Files
from avgraph.datasets.sound_picture_spaces import SoundPictureSpaces
from avgraph.datasets.sounding_shapes import SoundingShapes
from avgraph.datasets.space_files import SpaceFiles
from avgraph.datasets.stamps import Stamps
from avgraph.datasets.synthetic import Synthetic
from avgraph.datasets.vegas import VEGAS

__all__ = [
    "AVE",
    "ESC10",
    "ESC50",
    "VEGAS",
    "AVSBenchMS3",
    "AVSBenchS4",
    "AudioCaps",
    "ClassPaired",
    "Clotho",
    "Files",
    "SoundPictureSpaces",
    "SoundingShapes",
    "SpaceFiles",
    "Stamps",
    "Synthetic",
]
