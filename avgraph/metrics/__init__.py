"""Numbers that say how good a prediction is; each a pure function of tensors."""

from __future__ import annotations

from avgraph.metrics.classification import accuracy, edge_argmax_accuracy, top_k_recall
from avgraph.metrics.modality_gap import modality_gap
from avgraph.metrics.retrieval import mean_average_precision, recall_at_k

__all__ = ["accuracy", "edge_argmax_accuracy", "mean_average_precision", "modality_gap", "recall_at_k", "top_k_recall"]
