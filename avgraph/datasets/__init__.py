"""Datasets: each one is built with its options and gives a ``HeteroData`` graph with splits by ``load()``."""

from __future__ import annotations

from avgraph.datasets.audiocaps import AudioCaps
from avgraph.datasets.ave import AVE
from avgraph.datasets.class_paired import ClassPaired
from avgraph.datasets.clotho import Clotho
from avgraph.datasets.esc10 import ESC10
from avgraph.datasets.esc50 import ESC50
from avgraph.datasets.from_files import Files
from avgraph.datasets.sound_picture_spaces import SoundPictureSpaces
from avgraph.datasets.space_files import SpaceFiles
from avgraph.datasets.synthetic import Synthetic
from avgraph.datasets.vegas import VEGAS

__all__ = [
    "AVE",
    "ESC10",
    "ESC50",
    "VEGAS",
    "AudioCaps",
    "ClassPaired",
    "Clotho",
    "Files",
    "SoundPictureSpaces",
    "SpaceFiles",
    "Synthetic",
]
