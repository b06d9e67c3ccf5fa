"""Data set of audio-visual segmentation: generated shapes whose class is their timbre."""

from __future__ import annotations

from avgraph.datasets.sounding_shapes.dataset import SoundingShapes

__all__ = ["SoundingShapes"]
