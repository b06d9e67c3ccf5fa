"""What every built-in data set shares: what it is, where it was found, how it is fetched. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.errors import DataError
from avgraph.graph.segmentation import AUDIO, CLIP, FRAME
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import DatasetOptions
from avgraph.options.mistakes import mistakes
from avgraph.options.problems import Path as OptionPath

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float32

Fold = Annotated[int, Field(ge=1, le=5)]
Side = Annotated[int, Field(ge=16, le=512)]
"""Of a picture, in pixels."""
Root = str | Path | None


@dataclass(frozen=True)
class DatasetStatus:
    """What there is of a data set; ``str()`` gives the lines that ``avgraph data show`` prints.

    Attributes:
        name: its ``type``.
        what: what it is, in a sentence.
        source: ``real``, ``synthetic``, ``missing``, or ``yours`` where its files are named by the experiment.
        folder: where it was found.
        looked: every folder that was looked at.
        layout: which form of it the folder has.
        unit: what is counted.
        clips: how many.
        classes: how many classes these are in.
        folds: fold → how many.
        leakage: fold → recordings that are in another fold too, as `avgraph.datasets.leakage.Leak`.
        note: what it lacks, or what else is worth knowing.
        parts: the sets that it is made of.
    """

    name: str
    what: str
    source: Literal["real", "synthetic", "missing", "yours"]
    folder: Path | None = None
    looked: tuple[Path, ...] = ()
    layout: str = ""
    unit: str = "clips"
    clips: int = 0
    classes: int = 0
    folds: dict[int, int] = field(default_factory=dict)
    leakage: dict[int, list[Any]] = field(default_factory=dict)
    note: str = ""
    parts: tuple[DatasetStatus, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name}: {'not found' if self.source == 'missing' else self.source}"]
        lines += [f"  what       {self.what}"] if self.what else []
        if self.folder is not None:
            lines.append(f"  folder     {self.folder} ({self.layout})")
        elif self.source == "missing":
            lines += [f"  looked in  {folder}" for folder in self.looked]
        if self.clips:
            lines.append(f"  {self.unit:<10} {self.clips}" + (f" in {self.classes} classes" if self.classes else ""))
        if self.folds:
            lines.append(f"  folds      {', '.join(f'{fold}: {count}' for fold, count in self.folds.items())}")
        for fold, leaks in self.leakage.items():
            for leak in leaks:
                other = ", ".join(leak["other"])
                lines.append(f"  leakage    fold {fold}: recording {leak['source_file']} also in {other}")
        lines += [f"  note       {self.note}"] if self.note else []
        for part in self.parts:
            lines += [f"  {line}" for line in str(part).splitlines()]
        return "\n".join(lines)


class Dataset(DatasetOptions):
    """Base of the built-in data sets: a subclass declares its options and has ``load``."""

    @classmethod
    def type_name(cls) -> str:
        """What a YAML file calls it."""
        return str(cls.model_fields["type"].default)

    @classmethod
    def what(cls) -> str:
        """The first line of its documentation.

        Example:
            >>> from avgraph.datasets import Synthetic
            >>> Synthetic.what()
            'Made-up clips, for tests and for a look without data.'
        """
        return (cls.__doc__ or "").strip().split("\n")[0].replace("``", "")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Where it is and what it holds, without loading it; here: files that an experiment names.

        Args:
            root: the only folder to look in; None looks where ``load`` does.

        Raises:
            DataError: if ``root`` is no folder, or a table there is wrong.
        """
        return DatasetStatus(cls.type_name(), cls.what(), "yours", note="its files are options of the experiment")

    @classmethod
    def fetch(cls) -> Path:
        """Download it into the user's cache, unless it is there, and give its folder.

        Raises:
            DataError: if there is nothing to download, ``AVGRAPH_OFFLINE`` is set, or the download fails.
        """
        name = cls.type_name()
        raise DataError(f"{name}: nothing to download; `avgraph data show {name}` says what is expected where")

    def listen(self, names: Sequence[str]) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
        """What clips of some names sound like, to be listened to: one channel, and samples a second.

        Those that there are; nothing is downloaded for them. Here: none.
        """
        return {}

    def listed(self) -> tuple[Path, ...]:
        """The files that it would read by now, where a folder says which these are. Here: none."""
        return ()

    def edge_types(self) -> dict[OptionPath, EdgeType] | None:
        """None: a method or transforms add them."""
        return {}


class Folded(Dataset):
    """Base of data sets in five folds.

    Attributes:
        fold: the fold to test on.
        val_fold: the fold to validate on; none keeps all others for training.
    """

    fold: Fold = 1
    val_fold: Fold | None = None

    @model_validator(mode="after")
    def _folds_differ(self) -> Folded:
        check_differ(self, "fold", "val_fold")
        return self


class Clips(Dataset):
    """Base of data sets of audio-visual clips."""

    def node_types(self) -> tuple[str, ...]:
        """The two modalities and the classes, as heard and as seen."""
        return ("audio", "visual", "concept")


class Segmentation(Dataset):
    """Base of data sets of `avgraph.graph.segmentation`."""

    def node_types(self) -> tuple[str, ...]:
        """Clips, their frames, what is heard."""
        return (CLIP, FRAME, AUDIO)


def check_differ(options: Dataset, test: str, val: str) -> None:
    """Refuse options that validate on what they test on.

    Args:
        options: what holds both.
        test: name of the option that says what to test on, such as ``fold``.
        val: the same for validation.

    Raises:
        ValidationError: at ``val``.
    """
    value = getattr(options, val)
    if value == getattr(options, test):
        raise mistakes([((val,), f"expected another {test} than the test {test}, got {value} for both", value)])


def check_root(root: str | Path | None) -> None:
    """Check that the folder the user named, if any, is one.

    Raises:
        DataError: if it is not.
    """
    folder = Path() if root is None else Path(root).expanduser()
    if not folder.is_dir():
        kind = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DataError(f"dataset.root: {folder} {kind}")
