"""Numbers that say how good a prediction is; each a pure function of tensors."""

from __future__ import annotations

from avgraph.metrics.calibration import (
    Reliability,
    error_detection_auroc,
    expected_calibration_error,
    reliability,
)
from avgraph.metrics.classification import accuracy, best_targets, edge_argmax_accuracy, top_k_recall
from avgraph.metrics.counterfactual import counterfactual_scores
from avgraph.metrics.fidelity import Fidelity, fidelity
from avgraph.metrics.localisation import best_proposals, box_maps, consensus_iou, localisation_scores, region_iou
from avgraph.metrics.modality_gap import modality_gap
from avgraph.metrics.ratings import mean_absolute_error, root_mean_squared_error
from avgraph.metrics.retrieval import (
    average_precision,
    chance_average_precision,
    mean_average_precision,
    recall_at_k,
    scored_average_precision,
    scored_recall_at_k,
)
from avgraph.metrics.segmentation import f_curves, f_measure, mask_iou, mean_iou, segmented_area
from avgraph.metrics.zero_shot import zero_shot_accuracy

__all__ = [
    "Fidelity",
    "Reliability",
    "accuracy",
    "average_precision",
    "best_proposals",
    "best_targets",
    "box_maps",
    "chance_average_precision",
    "consensus_iou",
    "counterfactual_scores",
    "edge_argmax_accuracy",
    "error_detection_auroc",
    "expected_calibration_error",
    "f_curves",
    "f_measure",
    "fidelity",
    "localisation_scores",
    "mask_iou",
    "mean_absolute_error",
    "mean_average_precision",
    "mean_iou",
    "modality_gap",
    "recall_at_k",
    "region_iou",
    "reliability",
    "root_mean_squared_error",
    "scored_average_precision",
    "scored_recall_at_k",
    "segmented_area",
    "top_k_recall",
    "zero_shot_accuracy",
]
