"""Your own recordings and their classes: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from avgraph.datasets.base import Dataset, DatasetStatus, Root, check_differ
from avgraph.datasets.files.split_options import DrawnSplit
from avgraph.errors import DataError
from avgraph.options.inputs import Input
from avgraph.options.mistakes import mistake
from avgraph.options.paths import FilePath
from avgraph.options.values import Count, Name

if TYPE_CHECKING:
    import numpy as np
    import torch_geometric.data
    from jaxtyping import Float32


def in_tenths(value: float) -> float:
    """Refuse a length that the number of frames does not tell again: a new recording is cut as those of a run are.

    Raises:
        PydanticCustomError: at a value under validation.
    """
    if abs(10 * value - round(10 * value)) > 1e-6:
        raise mistake(f"expected tenths of a second, such as {round(value, 1):g}, got {value:g}")
    return value


Seconds = Annotated[float, Field(ge=0.5, le=600), AfterValidator(in_tenths)]


class Recordings(Dataset):
    """Your own recordings and their classes: a folder for each class, or a table with the columns file and class.

    Without ``table`` a recording is of the class that the folder of ``root`` is called after in which it lies, at any
    depth. A table may have the columns ``fold`` or ``split`` (train, val, test), ``recording`` (what a clip was cut
    from; without it every file is a recording, and copies of a file are one) and ``name``; others are left alone.
    Where it says neither fold nor split, one is drawn.

    Attributes:
        root: folder of the recordings.
        table: ``.csv`` or ``.tsv`` in ``root`` with a row a recording; its ``file`` starts from ``root``.
        seconds: length of the part that is read, from the beginning, in tenths; shorter recordings are padded with
            silence.
        random_split: how a split is drawn, class by class and of whole recordings; none draws one as
            ``{val: 0.1, test: 0.2, seed: 0}``, where the table has neither folds nor a split.
        fold: the fold to test on, where the table has folds; none takes the lowest, unless it has a split too.
        val_fold: the fold to validate on; none keeps all others for training.
        on_leakage: what to do with clips whose recording is that of a test clip too, where the table has folds or a
            split; one that is drawn has none.
    """

    path_keys = ("root",)

    type: Literal["recordings"] = "recordings"
    root: FilePath
    table: Name | None = None
    seconds: Seconds = 5.0
    random_split: DrawnSplit | None = None
    fold: Count | None = None
    val_fold: Count | None = None
    on_leakage: Literal["warn", "drop", "error"] = "warn"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels, labels, masks) and ``label`` (class names), as of `ESC50`.

        Shapes:
            audio.x uint8 [n, 128, frames], 216 of them in five seconds; audio.y int64 [n]; label.y int64 [C].

        Raises:
            DataError: naming the folder, the recording, or the table and its line, of what cannot be used.

        Example:
            >>> Recordings(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.recordings.graph import load_recordings

        return load_recordings(self)

    def node_types(self) -> tuple[str, ...]:
        """Recordings and their classes."""
        return ("audio", "label")

    def inputs(self) -> Iterator[Input]:
        """The folder, the table, and the recordings that either names."""
        yield from super().inputs()
        option = "root" if self.table is None else "table"
        yield Listed((option,), self.table or self.root, "folder", self.root, self.table)

    def folds(self) -> tuple[int, ...]:
        """The folds that the table has.

        Raises:
            DataError: if it cannot be read.
        """
        from avgraph.datasets.recordings.listing import list_recordings

        if self.table is None or self.random_split is not None:
            return ()
        return tuple(sorted(set(list_recordings(self.root, self.table).folds)))

    def listen(self, names: Sequence[str]) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
        """The recordings that are still there."""
        from avgraph.datasets.recordings.listing import heard

        return heard(self.root, self.table, names, self.seconds)

    def listed(self) -> tuple[Path, ...]:
        """The recordings; none where they cannot be listed."""
        from avgraph.datasets.recordings.listing import list_recordings

        try:
            return tuple(list_recordings(self.root, self.table).files)
        except (DataError, OSError):
            return ()

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """How many recordings of how many classes the folders of ``root`` hold; no audio is read."""
        from avgraph.datasets.recordings.listing import describe_folder

        return describe_folder(root, cls.type_name(), cls.what())

    def unused(self) -> dict[str, str]:
        """What says how given folds or splits are used, where one is drawn."""
        if getattr(self, "random_split", None) is not None:
            why = "random_split draws the rows to test on, of whole recordings"
        elif getattr(self, "table", None) is None:
            why = "folds are a column of a table, and there is none"
        else:
            return {}
        return dict.fromkeys(("fold", "val_fold", "on_leakage"), why)

    @model_validator(mode="after")
    def _folds_differ(self) -> Recordings:
        if self.fold is not None:
            check_differ(self, "fold", "val_fold")
        return self


@dataclass(frozen=True)
class Listed(Input):
    """The recordings of a folder or a table: whether each is there and has a class.

    Attributes:
        table: that lists them; None for folders.
    """

    table: str | None = None

    def problem(self) -> str | None:
        """What is wrong with one of them, if anything."""
        from avgraph.datasets.recordings.listing import list_recordings

        try:
            list_recordings(str(self.root), self.table)
        except DataError as error:
            return str(error)
        except OSError as error:  # a folder that may not be looked into
            return f"{self.path}: cannot be read: {error.strerror}"
        return None
