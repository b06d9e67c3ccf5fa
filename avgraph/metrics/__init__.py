"""Numbers that say how good a prediction is; each a pure function of tensors."""

from __future__ import annotations

from avgraph.metrics.chance import chance_average_precision
from avgraph.metrics.classification import accuracy, edge_argmax_accuracy, top_k_recall
from avgraph.metrics.counterfactual import counterfactual_scores
from avgraph.metrics.localisation import best_proposals, box_maps, consensus_iou, localisation_scores
from avgraph.metrics.modality_gap import modality_gap
from avgraph.metrics.retrieval import mean_average_precision, recall_at_k
from avgraph.metrics.zero_shot import zero_shot_accuracy

__all__ = [
    "accuracy",
    "best_proposals",
    "box_maps",
    "chance_average_precision",
    "consensus_iou",
    "counterfactual_scores",
    "edge_argmax_accuracy",
    "localisation_scores",
    "mean_average_precision",
    "modality_gap",
    "recall_at_k",
    "top_k_recall",
    "zero_shot_accuracy",
]
