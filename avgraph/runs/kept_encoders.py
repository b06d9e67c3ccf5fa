"""What a run keeps of its encoders: what they have learned, and what they were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from avgraph.errors import DataError, reason_of
from avgraph.io.files import atomic_path
from avgraph.io.reading import check_regular
from avgraph.io.torch_file import load_tensors
from avgraph.io.writing import save_tensors
from avgraph.runs.folder import ENCODERS


@dataclass(frozen=True)
class RowForm:
    """What rows look like.

    Attributes:
        shape: of one; None where it is a text.
        is_bytes: whether they are raw, pictures or log-mels of 8 bits.
        columns: what the columns of the table were called that they were; none where they were no table's.
    """

    shape: list[int] | None
    is_bytes: bool
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class KeptEncoder:
    """The encoder of a node type.

    Attributes:
        learned: what it encodes new rows by, see `avgraph.options.base.EncoderOptions.encode_new`.
        shape: of a row that it was given; None where it was given names alone.
        dtype: of these rows, as torch names it.
    """

    learned: Mapping[str, Tensor]
    shape: list[int] | None
    dtype: str

    @property
    def rows(self) -> RowForm:
        """What it was given."""
        return RowForm(self.shape, self.dtype == "uint8")

    @classmethod
    def of(cls, raw: Any, learned: Mapping[str, Tensor]) -> KeptEncoder:
        """Of a store that was encoded."""
        x = raw.get("x")
        if not isinstance(x, Tensor):
            return cls(learned, None, "")
        return cls(learned, list(x.shape[1:]), str(x.dtype).removeprefix("torch."))


def save_encoders(kept: Mapping[str, KeptEncoder], directory: Path) -> None:
    """Write them into the folder of a run, whole or not at all; nothing where there are none."""
    if kept:
        with atomic_path(directory / ENCODERS) as temporary:
            save_tensors({node: asdict(encoder) for node, encoder in kept.items()}, temporary)


def load_encoders(directory: Path) -> dict[str, KeptEncoder]:
    """Those of a run.

    Raises:
        DataError: if the file is missing or damaged.
    """
    path = directory / ENCODERS
    if not path.exists():
        raise DataError(f"{path}: no such file; the run keeps no encoders of new rows: train it again")
    check_regular(path)
    try:
        return {node: KeptEncoder(**part) for node, part in load_tensors(path).items()}
    except Exception as error:  # torch.load raises many types for a damaged file
        raise DataError(f"{path}: not what a run keeps of its encoders: {reason_of(error)}") from None
