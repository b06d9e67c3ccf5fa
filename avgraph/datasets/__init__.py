"""Datasets: each one is built with its options and gives a ``HeteroData`` graph with splits by ``load()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.datasets.audio_visual_features import AVE, VEGAS
    from avgraph.datasets.audiocaps import AudioCaps
    from avgraph.datasets.class_paired import ClassPaired
    from avgraph.datasets.clotho import Clotho
    from avgraph.datasets.esc_sets import ESC10, ESC50
    from avgraph.datasets.from_files import Files
    from avgraph.datasets.sound_picture_spaces import SoundPictureSpaces
    from avgraph.datasets.space_files import SpaceFiles
    from avgraph.datasets.synthetic import Synthetic

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

__getattr__, __dir__ = exports(
    __name__,
    {
        "audio_visual_features": ["AVE", "VEGAS"],
        "audiocaps": ["AudioCaps"],
        "class_paired": ["ClassPaired"],
        "clotho": ["Clotho"],
        "esc_sets": ["ESC10", "ESC50"],
        "from_files": ["Files"],
        "sound_picture_spaces": ["SoundPictureSpaces"],
        "space_files": ["SpaceFiles"],
        "synthetic": ["Synthetic"],
    },
)
