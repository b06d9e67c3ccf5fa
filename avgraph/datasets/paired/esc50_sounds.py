"""ESC-50 as one modality of a paired set, and log-mels that hold two sounds."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from avgraph.datasets.esc.options import ESC50
from avgraph.datasets.paired.labelled import Labelled
from avgraph.graph.provenance import Provenance

# What 8 bits of a log-mel span. The pictures were normalised clip by clip, so that the true level of a clip is lost:
# two are mixed as if they were equally loud.
_DECIBEL = 80.0


def mix_logmels(first: Tensor, second: Tensor, level: float) -> Tensor:
    """Log-mels (uint8) of two sounds at once: the sum of their powers, the second at ``level`` times the amplitude.

    Example:
        >>> loud, silent = torch.full((1, 1, 1), 255, dtype=torch.uint8), torch.zeros(1, 1, 1, dtype=torch.uint8)
        >>> int(mix_logmels(loud, silent, 0.5)), int(mix_logmels(silent, loud, 1.0))
        (255, 255)
    """
    unit = _DECIBEL / 255 / 10
    power = 10 ** (first.float() * unit) + level**2 * 10 ** (second.float() * unit)
    return (power.log10() / unit).round().clamp(0, 255).to(torch.uint8)


def load_esc50_sounds(
    root: str | None, fold: int, val_fold: int | None, on_missing: list[Literal["download", "synthetic"]]
) -> Labelled:
    """ESC-50's log-mels [n, 128, 216] with its folds as splits.

    Raises:
        DataError: as `ESC50`.
    """
    data = ESC50(root=root, fold=fold, val_fold=val_fold, on_missing=on_missing).load()
    audio = data["audio"]
    split = audio.val_mask.long() + 2 * audio.test_mask.long()
    return Labelled(
        x=audio.x,
        y=audio.y,
        split=split,
        classes=tuple(data["label"].name),
        mix=mix_logmels,
        attributes={"name": audio.name, "fold": audio.fold, "source_file": audio.source_file},
        provenance=Provenance.of(data),
    )
