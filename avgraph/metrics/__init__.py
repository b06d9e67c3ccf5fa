"""Numbers that say how good a prediction is; each a pure function of tensors."""

from __future__ import annotations

from avgraph.metrics.classification import accuracy, edge_argmax_accuracy, top_k_recall

__all__ = ["accuracy", "edge_argmax_accuracy", "top_k_recall"]
