"""One modality of a paired data set: raw rows, classes and splits, and how two rows are mixed and made features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.errors import DataError, did_you_mean
from avgraph.graph.provenance import Provenance

TRAIN, VAL, TEST = 0, 1, 2


def blend(first: Tensor, second: Tensor, level: float) -> Tensor:
    """(first + level · second) / (1 + level): features, or pictures that show both.

    Example:
        >>> blend(torch.tensor([[0.0]]), torch.tensor([[3.0]]), 0.5)
        tensor([[1.]])
    """
    mixed: Tensor = (first + level * second) / (1 + level)
    return mixed


@dataclass(frozen=True)
class Labelled:
    """Rows of one modality.

    Attributes:
        x: raw input or features.
        y: class of each row.
        split: 0 training, 1 validation, 2 test.
        classes: names; ``y`` counts them.
        mix: rows, rows, level of the second → rows with both in them.
        finish: raw rows → what the graph holds; raw is what ``mix`` needs, such as a waveform.
        attributes: what else there is per row (name, fold, source_file).
        provenance: files with their checksums, remarks, whether it is made up.

    Shapes:
        x [n, …], y [n], split [n]

    Raises:
        DataError: if lengths disagree or a class is out of range.

    Example:
        >>> Labelled(torch.zeros(2, 3), torch.tensor([0, 1]), torch.tensor([0, 2]), ("cat", "dog")).rows("dog")
        tensor([1])
    """

    x: Tensor
    y: Int64[Tensor, " n"]
    split: Int64[Tensor, " n"]
    classes: Sequence[str]
    mix: Callable[[Tensor, Tensor, float], Tensor] = blend
    finish: Callable[[Tensor], Tensor] = torch.Tensor.clone
    attributes: Mapping[str, Any] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        lengths = {"x": len(self.x), "y": len(self.y), "split": len(self.split)}
        lengths |= {name: len(value) for name, value in self.attributes.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"labelled rows: expected equal lengths, got {lengths}")
        if len(self.y) and not 0 <= int(self.y.min()) <= int(self.y.max()) < len(self.classes):
            raise DataError(f"y: expected classes 0 … {len(self.classes) - 1}, got up to {int(self.y.max())}")

    def rows(self, *classes: str) -> Int64[Tensor, " m"]:
        """Rows of any of the named classes.

        Raises:
            DataError: if there is no such class.
        """
        for name in classes:
            if name not in self.classes:
                close = did_you_mean(name, self.classes)
                raise DataError(f"class_map: no class '{name}'; {close or 'there are ' + ', '.join(self.classes)}")
        wanted = torch.tensor([list(self.classes).index(name) for name in classes])
        return torch.isin(self.y, wanted).nonzero()[:, 0]
