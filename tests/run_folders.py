"""Folders of finished runs that nobody has trained: their configuration and their numbers are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REAL = {"dataset": "esc50", "source": "real"}


def write_run(
    place: Path,
    metrics: Mapping[str, float] | None,
    *,
    name: str = "one",
    seed: int = 0,
    dataset: Mapping[str, Any] | None = None,
    method: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] = REAL,
    epochs: int = 3,
) -> Path:
    """A run; without metrics it has not finished."""
    place.mkdir(parents=True)
    declared = {
        "name": name,
        "seed": seed,
        "dataset": {"type": "esc50", **(dataset or {})},
        "method": {"type": "rrnet", **(method or {})},
        "train": {"epochs": epochs, "device": "cpu", "threads": 1},
    }
    (place / "config.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    if metrics is not None:
        content = {"experiment": name, "seed": seed, "data": data, **metrics, "checks": []}
        (place / "metrics.json").write_text(json.dumps(content), encoding="utf-8")
    return place


def write_folds(place: Path, folds: Mapping[int, Mapping[str, float] | None], **options: Any) -> Path:
    """Runs over folds, in the order of a dictionary, whatever that is."""
    for fold, metrics in folds.items():
        write_run(place / f"fold-{fold}", metrics, **{**options, "dataset": {"fold": fold}})
    (place / "config.yaml").write_bytes((place / f"fold-{next(iter(folds))}" / "config.yaml").read_bytes())
    (place / "folds.json").write_text(json.dumps({"folds": list(folds)}), encoding="utf-8")
    if all(metrics is not None for metrics in folds.values()):
        (place / "metrics.json").write_text(json.dumps({"experiment": "one", "data": REAL}), encoding="utf-8")
    return place
