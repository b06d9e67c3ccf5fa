"""ESC-10 and ESC-50 (Piczak, ACM Multimedia 2015): their options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Dataset, DatasetStatus, Fold, Folded, Root, check_differ
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import OnMissing

if TYPE_CHECKING:
    import numpy as np
    import torch_geometric.data
    from jaxtyping import Float32


class _Esc(Folded):
    """Base of the two sets.

    Attributes:
        root: folder of the data; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
        on_leakage: what to do with recordings whose clips are in more than one fold.
    """

    path_keys = ("root",)

    root: FilePath | None = None
    on_missing: OnMissing = Field(default=["download", "synthetic"])
    on_leakage: Literal["warn", "drop", "error"] = "warn"

    def node_types(self) -> tuple[str, ...]:
        """Clips and their classes."""
        return ("audio", "label")

    def folds(self) -> tuple[int, ...]:
        """Those that the clips there are of; all five where there are none yet."""
        from avgraph.datasets.esc.folder import folds_there

        return folds_there("esc10" if isinstance(self, ESC10) else "esc50", self.root) or super().folds()

    def listen(self, names: Sequence[str]) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
        """Of a folder of recordings."""
        from avgraph.datasets.esc.folder import recordings

        return recordings("esc10" if isinstance(self, ESC10) else "esc50", self.root, names)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its folder, clips, folds, and recordings that are in two of them; no audio is read."""
        from avgraph.datasets.esc.folder import describe_esc, locate_esc

        dataset: Literal["esc10", "esc50"] = "esc10" if cls is ESC10 else "esc50"
        return describe_esc(dataset, locate_esc(dataset, root), cls.type_name(), cls.what())

    @classmethod
    def fetch(cls) -> Path:
        """Download ESC-50, which holds ESC-10 too (about 650 MB)."""
        from avgraph.datasets.esc.folder import fetch_esc
        from avgraph.datasets.fetched import demanded

        return demanded(cls.type_name(), fetch_esc())


class ESC50(_Esc):
    """ESC-50: 2000 clips of five seconds in 50 classes.

    Prepared log-mel pictures are read as well as the published archive; see `avgraph.datasets.esc.layout`.
    """

    type: Literal["esc50"] = "esc50"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels, labels, masks) and ``label`` (class names).

        Shapes:
            audio.x uint8 [n, 128, 216]; audio.y, audio.fold int64 [n]; label.y int64 [C].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> ESC50(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.esc.graph import load_esc

        return load_esc("esc50", self)


class ESC10(_Esc):
    """ESC-10: the ten classes of ESC-50 that are easiest to tell apart.

    Its own folder is read as well as the clips marked ``esc10`` in a full ESC-50.
    """

    type: Literal["esc10"] = "esc10"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges, as of `ESC50`.

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> ESC10(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.esc.graph import load_esc

        return load_esc("esc10", self)


class Esc50ZeroShot(Dataset):
    """ESC-50 with its classes in five parts: those of one part are unseen in training and retrieved by text.

    Class k is in part (rank of k in a fixed shuffle) mod 5: 40 seen and 10 unseen classes, every class unseen once.

    Attributes:
        root: folder of ESC-50; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        part: whose classes are tested.
        val_part: whose classes validate; none trains on all others.
        text: ``.npz`` of sentence vectors ``esc50_x`` of the names ``esc50``; none looks for
            ``text/minilm_labels.npz`` in ``$AVGRAPH_DATA``. Without it texts have names only, for a text encoder.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error. Made-up sounds
            get made-up sentence vectors.
    """

    path_keys = ("root", "text")

    type: Literal["esc50_zero_shot"] = "esc50_zero_shot"
    root: FilePath | None = None
    part: Fold = 1
    val_part: Fold | None = None
    text: FilePath | None = None
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels) and ``text``, one sentence per class; masks follow the class.

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> Esc50ZeroShot(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.esc.zero_shot import load_zero_shot

        return load_zero_shot(self)

    def node_types(self) -> tuple[str, ...]:
        """Clips and one sentence per class."""
        return ("audio", "text")

    def inputs(self) -> Iterator[Input]:
        """The folder and the vectors."""
        yield from super().inputs()
        yield from named(("text",), self.text, "archive")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """As of `ESC50`, whose clips these are, and whether there are sentence vectors."""
        from avgraph.datasets.esc.zero_shot import describe_zero_shot

        return describe_zero_shot(root, cls.type_name(), cls.what())

    @classmethod
    def fetch(cls) -> Path:
        """Download ESC-50 (about 650 MB); sentence vectors are not part of it."""
        return ESC50.fetch()

    @model_validator(mode="after")
    def _parts_differ(self) -> Esc50ZeroShot:
        check_differ(self, "part", "val_part")
        return self
