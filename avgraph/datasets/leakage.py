"""Recordings whose clips lie on both sides of a split: what a model may have heard before the test."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal, TypedDict

import torch
from jaxtyping import Bool
from torch import Tensor

from avgraph.errors import DataError, first_few
from avgraph.graph.masks import Masks

logger = logging.getLogger(__name__)

OnLeakage = Literal["warn", "drop", "error"]


class Leak(TypedDict):
    """One recording with clips in the test fold and in another fold."""

    source_file: str
    test: list[str]
    other: list[str]


def find_leakage(source_file: Sequence[str], name: Sequence[str], test_mask: Bool[Tensor, " n"]) -> list[Leak]:
    """Recordings with clips inside and outside the test fold, with the names of those clips.

    Example:
        >>> find_leakage(["7", "7", "8"], ["a", "b", "c"], torch.tensor([True, False, False]))
        [{'source_file': '7', 'test': ['a'], 'other': ['b']}]
    """
    inside: dict[str, list[str]] = {}
    outside: dict[str, list[str]] = {}
    for source, clip, is_test in zip(source_file, name, test_mask.tolist(), strict=True):
        (inside if is_test else outside).setdefault(source, []).append(clip)
    return [
        Leak(source_file=source, test=inside[source], other=outside[source])
        for source in sorted(inside.keys() & outside.keys())
    ]


def handle_leakage(leakage: Sequence[Leak], name: Sequence[str], masks: Masks, on_leakage: OnLeakage) -> Masks:
    """Say what leaks (``warn``), take it out of training and validation (``drop``) or refuse (``error``).

    Raises:
        DataError: with ``error``, if anything leaks.

    Example:
        >>> masks = Masks(*torch.tensor([[0, 1, 1], [0, 0, 0], [1, 0, 0]]).bool())
        >>> leak = Leak(source_file="7", test=["a"], other=["b"])
        >>> handle_leakage([leak], ["a", "b", "c"], masks, "drop").train.tolist()
        [False, False, True]
    """
    if not leakage:
        return masks
    leaked = {clip for leak in leakage for clip in leak["other"]}
    sources = first_few([leak["source_file"] for leak in leakage])
    text = f"{len(leakage)} source file(s) of the test fold also occur in other folds ({sources})"
    if on_leakage == "error":
        raise DataError(f"{text}; dataset.on_leakage: drop leaves their {len(leaked)} clip(s) out of training")
    if on_leakage == "warn":
        logger.warning("%s: %d clip(s) of training or validation share a recording with the test", text, len(leaked))
        return masks
    logger.info("%s: left %d clip(s) out of training and validation", text, len(leaked))
    keep = torch.tensor([clip not in leaked for clip in name])
    return Masks(masks.train & keep, masks.val & keep, masks.test)
