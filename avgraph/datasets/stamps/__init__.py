"""Data set of audio-visual segmentation: picture stamps over backgrounds, with recordings of what they show."""

from __future__ import annotations

from avgraph.datasets.stamps.dataset import Stamps

__all__ = ["Stamps"]
