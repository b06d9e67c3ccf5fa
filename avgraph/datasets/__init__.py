"""Datasets: each one is built with its options and gives a ``HeteroData`` graph with splits by ``load()``."""

from __future__ import annotations

from avgraph.datasets.esc10 import ESC10
from avgraph.datasets.esc50 import ESC50
from avgraph.datasets.from_files import Files
from avgraph.datasets.synthetic import Synthetic

__all__ = ["ESC10", "ESC50", "Files", "Synthetic"]
