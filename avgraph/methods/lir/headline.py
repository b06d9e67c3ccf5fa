"""What a run of LIR is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from avgraph.methods.headline import Headline, judged_split
from avgraph.methods.trivial import Trivial
from avgraph.metrics import average_precision


def clip_headline(audio: Any, visual: Any, metrics: Mapping[str, float], trivial: Trivial) -> Headline | None:
    """MAP, both directions averaged, beside chance; a row is a clip that looks for the other modality of its class.

    Args:
        audio, visual: nodes with ``embedding``, ``y`` and masks.
        metrics: `<split>/<name>` numbers.
        trivial: of the method.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> clip = {"embedding": torch.eye(2), "y": torch.arange(2), "test_mask": torch.tensor([True, True])}
        >>> nodes = HeteroData(audio=clip, visual=clip)
        >>> clip_headline(nodes["audio"], nodes["visual"], {"test/map": 1.0}, Trivial()).rows
        tensor([1., 1.], dtype=torch.float64)
    """
    if (split := judged_split(metrics, "map")) is None:
        return None
    mask = audio[f"{split}_mask"].cpu()
    one, other, y = audio.embedding[mask], visual.embedding[mask], audio.y.cpu()[mask]
    rows = torch.stack([average_precision(one, other, y, y), average_precision(other, one, y, y)]).mean(0)
    chance = trivial.metrics.get(f"{split}/map_audio_to_visual")
    return Headline(
        f"{split}/map", rows=rows, baselines={} if chance is None else {trivial.prediction: chance}, unit="clips"
    )
