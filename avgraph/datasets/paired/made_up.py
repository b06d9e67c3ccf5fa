"""Stand-ins in the shape of the paired sets, for machines without them; their provenance says so."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from avgraph.datasets.paired.digits import load_digit_pictures
from avgraph.datasets.paired.esc50_sounds import mix_logmels
from avgraph.datasets.paired.labelled import Labelled
from avgraph.datasets.paired.options import DIGITS
from avgraph.datasets.synthetic.options import Synthetic
from avgraph.graph.provenance import Provenance

_PROVENANCE = Provenance(
    source="synthetic", note="made from random numbers; says nothing about real sounds or pictures"
)
_CLIPS_PER_CLASS, _PICTURES_PER_CLASS, _PICTURE_CHANNELS = 20, 60, 384


def made_up_sounds(classes: Sequence[str], fold: int, val_fold: int | None) -> Labelled:
    """Log-mels [n, 128, 216] of made-up sounds under the given class names.

    Example:
        >>> made_up_sounds(["bark", "meow"], 1, None).x.shape
        torch.Size([40, 128, 216])
    """
    data = Synthetic(classes=len(classes), clips_per_class=_CLIPS_PER_CLASS, fold=fold, val_fold=val_fold).load()
    audio = data["audio"]
    split = audio.val_mask.long() + 2 * audio.test_mask.long()
    attributes = {"name": audio.name, "fold": audio.fold, "source_file": audio.source_file}
    return Labelled(
        audio.x, audio.y, split, tuple(classes), mix=mix_logmels, attributes=attributes, provenance=_PROVENANCE
    )


def made_up_pictures(classes: Sequence[str]) -> Labelled:
    """Features [n, 384] around a random centre per class; a tenth for validation, a fifth for test.

    Example:
        >>> made_up_pictures(["cat", "dog"]).x.shape
        torch.Size([120, 384])
    """
    draw = torch.Generator().manual_seed(0)
    centre = torch.randn(len(classes), _PICTURE_CHANNELS, generator=draw)
    y = torch.arange(len(classes)).repeat_interleave(_PICTURES_PER_CLASS)
    x = centre[y] + 3 * torch.randn(len(y), _PICTURE_CHANNELS, generator=draw)
    tenth = torch.arange(len(y)) % 10
    return Labelled(x, y, (tenth == 0).long() + 2 * (tenth > 7).long(), tuple(classes), provenance=_PROVENANCE)


def made_up_spoken_digits(fold: int, val_fold: int | None) -> Labelled:
    """Features [n, 384] in the place of spoken digits, the size of the digit pictures.

    Example:
        >>> made_up_spoken_digits(1, None).x.shape
        torch.Size([1797, 384])
    """
    pictures = load_digit_pictures(fold, val_fold)
    draw = torch.Generator().manual_seed(0)
    centre = torch.randn(len(DIGITS), _PICTURE_CHANNELS, generator=draw)
    x = centre[pictures.y] + 3 * torch.randn(len(pictures.y), _PICTURE_CHANNELS, generator=draw)
    return Labelled(x, pictures.y, pictures.split, DIGITS, provenance=_PROVENANCE)
