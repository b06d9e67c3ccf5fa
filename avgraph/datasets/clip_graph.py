"""Clips of an audio-visual set as a graph: `audio` and `visual` nodes, one pair per clip, and `concept` nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.cooccurrence import CoOccurrence
from avgraph.datasets.labelled import Labelled
from avgraph.datasets.pairing import Pairs


def clip_graph(
    audio: Tensor, visual: Tensor, y: Tensor, split: Tensor, classes: Sequence[str], provenance: dict[str, Any]
) -> HeteroData:
    """Graph without edges. Node i of ``audio`` and of ``visual`` belong to clip i.

    There are 2C concepts: every class as heard, then every class as seen.

    Shapes:
        audio [n, …], visual [n, …], y [n], split [n] (0, 1, 2) → concept.x the identity [2C, 2C], concept.y [2C]

    Example:
        >>> y, split = torch.tensor([0, 1]), torch.tensor([0, 2])
        >>> data = clip_graph(torch.zeros(2, 3), torch.zeros(2, 4), y, split, ["cat", "dog"], {})
        >>> data["concept"].name
        ['cat (audio)', 'dog (audio)', 'cat (visual)', 'dog (visual)']
    """
    data = HeteroData()
    for node, x in (("audio", audio), ("visual", visual)):
        store = data[node]
        store.x, store.y = x, y.clone()
        store.train_mask, store.val_mask, store.test_mask = (split == number for number in range(3))
    concept = data["concept"]
    concept.x = torch.eye(2 * len(classes))
    concept.y = torch.arange(len(classes)).repeat(2)
    concept.name = [f"{name} ({modality})" for modality in ("audio", "visual") for name in classes]
    data.provenance = provenance
    return data


def mixed_clip_graph(
    audio: Labelled, visual: Labelled, pairs: Pairs, mixed: CoOccurrence, level: float, provenance: dict[str, Any]
) -> HeteroData:
    """The graph of paired sets, with second classes mixed in where ``mixed`` says so.

    Clips that hold a second class have it as ``second_y`` (else −1); it is for scoring, no method may learn from it.
    What truly occurs together are the edges (concept, co_occurs, concept).
    """
    rows = {"audio": (audio, pairs.audio), "visual": (visual, pairs.visual)}
    x = {node: _mixed(labelled, own, mixed.partner, level) for node, (labelled, own) in rows.items()}
    data = clip_graph(x["audio"], x["visual"], pairs.y, pairs.split, pairs.classes, provenance)
    for node, (labelled, own) in rows.items():
        for name, value in labelled.attributes.items():
            data[node][name] = value[own] if isinstance(value, Tensor) else [value[row] for row in own.tolist()]
    has_second = mixed.partner >= 0
    if bool(has_second.any()):
        second = torch.where(has_second, pairs.y[mixed.partner.clamp_min(0)], -1)
        data["audio"].second_y, data["visual"].second_y = second, second.clone()
        data["concept", "co_occurs", "concept"].edge_index = mixed.concept_pairs()
    return data


def _mixed(labelled: Labelled, own: Tensor, partner: Tensor, level: float) -> Tensor:
    raw = labelled.x[own]
    mixed = raw.clone()
    rows = (partner >= 0).nonzero()[:, 0]
    if len(rows):
        mixed[rows] = labelled.mix(raw[rows], raw[partner[rows]], level)
    return labelled.finish(mixed)
