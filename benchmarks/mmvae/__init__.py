"""MMVAE-AVS: ablation and baselines, robustness, calibration, step times."""
