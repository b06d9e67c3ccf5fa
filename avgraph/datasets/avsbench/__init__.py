"""AVSBench (Zhou et al., ECCV 2022): single-source (S4) and multi-source (MS3) audio-visual segmentation."""

from __future__ import annotations

from avgraph.datasets.avsbench.dataset import AVSBenchMS3, AVSBenchS4
from avgraph.datasets.avsbench.writing import write_avsbench

__all__ = ["AVSBenchMS3", "AVSBenchS4", "write_avsbench"]
