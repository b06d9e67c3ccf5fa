"""Which rows train, validate and test: as a column says, or by folds; and rows of one source on two sides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from avgraph.datasets.checks import as_split, as_whole
from avgraph.datasets.files.part import Part
from avgraph.datasets.leakage import Leak, OnLeakage, find_leakage, handle_leakage
from avgraph.errors import DataError, first_few
from avgraph.graph.masks import Masks, fold_masks


@dataclass(frozen=True)
class Sides:
    """How rows are told apart.

    Attributes:
        fold: the fold to test on; None where ``split`` says it.
        val_fold: the fold to validate on.
        on_leakage: what to do with rows that share their source with a test row.
    """

    fold: int | None = None
    val_fold: int | None = None
    on_leakage: OnLeakage = "warn"

    def masks(self, part: Part) -> tuple[Masks, str, list[Leak]] | None:
        """Masks of the rows, the column that they are from, and what is on two sides; None where nothing says it.

        Raises:
            DataError: if there is no such fold, a value is wrong, no row is left to train on, or with ``on_leakage:
                error`` rows of one source are on two sides.
        """
        if self.fold is not None and "fold" in part.arrays:
            key, masks = "fold", self._of_folds(folds_in(part), part.where["fold"])
        elif "split" in part.arrays:
            key, masks = "split", split_masks(part)
        else:
            return None
        leakage: list[Leak] = []
        if "source" in part.arrays:
            names = row_names(part)
            leakage = find_leakage([str(word) for word in part.arrays["source"]], names, masks.test)
            masks = handle_leakage(leakage, names, masks, self.on_leakage)
        if not bool(masks.train.any()):
            raise DataError(f"{part.where[key]}: no row is train; expected training rows")
        return masks, part.where[key], leakage

    def _of_folds(self, folds: Tensor, where: str) -> Masks:
        there = folds.unique().tolist()
        for role, number in (("fold", self.fold), ("val_fold", self.val_fold)):
            if number is not None and number not in there:
                raise DataError(f"dataset.{role}: no row of fold {number} in {where}; there are {first_few(there, 20)}")
        assert self.fold is not None
        return fold_masks(folds, self.fold, self.val_fold)


def split_masks(part: Part) -> Masks:
    """Masks of the rows as ``split`` has them.

    Raises:
        DataError: naming the first row with another value.
    """
    split = torch.from_numpy(as_split(part.arrays["split"], part.where["split"]))
    return Masks(split == 0, split == 1, split == 2)


def folds_in(part: Part) -> Tensor:
    """The fold of each row; a text file has whole numbers as words.

    Raises:
        DataError: naming the first row whose fold is no whole number from 0.
    """
    fold, where = part.arrays["fold"], part.where["fold"]
    if fold.dtype.kind == "U":
        wrong = next((row for row, word in enumerate(fold.tolist()) if not (word.isascii() and word.isdigit())), None)
        if wrong is not None:
            raise DataError(f"{where}: row {wrong}: expected the number of a fold, got {str(fold[wrong])[:80]!r}")
        fold = fold.astype(np.int64)
    whole = as_whole(fold, where)
    if (whole < 0).any():
        row = int((whole < 0).argmax())
        raise DataError(f"{where}: row {row}: expected the number of a fold, 0 or more, got {whole[row]}")
    return torch.from_numpy(whole)


def common_folds(parts: Iterable[Part]) -> tuple[int, ...]:
    """The folds that all rows of some kind with folds have.

    Raises:
        DataError: as `folds_in`.
    """
    found = [set(folds_in(part).tolist()) for part in parts if "fold" in part.arrays]
    return tuple(sorted(set.intersection(*found))) if found else ()


def row_names(part: Part) -> list[str]:
    """What rows are called where one is to be told from another: names that differ, or else numbers."""
    names = [str(name) for name in part.arrays["name"]] if "name" in part.arrays else []
    return names if len(set(names)) == len(part) else [f"row {row}" for row in range(len(part))]
