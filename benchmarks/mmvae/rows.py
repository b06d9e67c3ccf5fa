"""The rows of the tables: what each changes of the full model. Trained alike, by the settings of the example."""

from __future__ import annotations

from typing import Any

ROWS: dict[str, dict[str, Any]] = {
    "full": {},
    # baselines
    "plain U-Net, audio concatenated": {"latent": False, "listening": "concatenation"},
    "TPAVI alone (no latent)": {"latent": False},
    "visual only": {"latent": False, "listening": "none", "class_weight": 0.0},
    # ablation
    "one joint latent": {"factorisation": "none"},
    "shared latent alone": {"factorisation": "single"},
    "no audio latent": {"audio_latent": False},
    "no mutual information": {"mutual_information_weight": 0.0},
    "no orthogonality": {"orthogonality_weight": 0.0},
    "KL for JS": {"divergence": "kl"},
    "product of experts": {"combination": "product"},
    "decoded per modality": {"reconstruction": "per_modality"},
    "experts, product": {"shared": "experts"},
    "experts, geometric mean": {"shared": "experts", "fusion": "geometric"},
    "experts, mixture": {"shared": "experts", "fusion": "mixture"},
    "experts, sound left out of .2": {"shared": "experts", "missing_audio": 0.2},
}
"""Row → options of the method. The largest object needs no row: it is ``visual_only_miou`` of every run."""

NEGATIVES: dict[str, dict[str, Any]] = {
    "with silence and off-screen sounds in training": {},
    "without": {"silence_share": 0.0, "off_screen_share": 0.0},
}
"""Options of the data set, for the column that the robustness depends on."""

DATA: dict[str, dict[str, Any]] = {
    "new recordings": {"type": "stamps", "protocol": "new_recordings"},
    "new pictures": {"type": "stamps", "protocol": "new_pictures"},
    "both": {"type": "stamps", "protocol": "both"},
    "own sounds": {"type": "stamps", "sounds": "own", "protocol": "new_clips"},
    "own sounds, held-out stamps": {"type": "stamps", "sounds": "own", "protocol": "both"},
    "shapes": {"type": "sounding_shapes"},
}

COLUMNS = (
    "miou", "f", "silence_area", "noise_area", "off_screen_area", "swapped_miou", "swapped_original_miou",
    "no_audio_miou", "no_picture_miou", "ece", "error_auroc", "audio_accuracy",
)  # fmt: skip
