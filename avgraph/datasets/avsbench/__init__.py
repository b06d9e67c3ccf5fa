"""AVSBench (Zhou et al., ECCV 2022): single-source (S4) and multi-source (MS3) audio-visual segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.datasets.avsbench.writing import write_avsbench

__all__ = ["write_avsbench"]

__getattr__, __dir__ = exports(__name__, {"writing": ["write_avsbench"]})
