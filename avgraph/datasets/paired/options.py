"""Sounds and pictures paired by class: its options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from avgraph.datasets.base import Clips, DatasetStatus, Folded, Root
from avgraph.options.inputs import Input
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.values import Name, OnMissing, Rate, Seed, Share

if TYPE_CHECKING:
    import numpy as np
    import torch_geometric.data
    from jaxtyping import Float32

Sets = Literal["esc50_cifar10", "fsdd_digits"]
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLASS_MAPS: Mapping[Sets, Mapping[str, list[str]]] = {
    "esc50_cifar10": {
        "airplane": ["airplane"],
        "automobile": ["engine", "car horn"],
        "bird": ["chirping birds"],
        "cat": ["cat"],
        "dog": ["dog"],
        "frog": ["frog"],
    },
    "fsdd_digits": {name: [name] for name in DIGITS},
}


def _each_sound_once(value: dict[str, list[str]]) -> dict[str, list[str]]:
    home: dict[str, str] = {}
    found: list[Any] = []
    for picture, sounds in value.items():
        for index, sound in enumerate(sounds):
            if sound in home:
                message = f"'{sound}' is under '{home[sound]}' and '{picture}'; expected it once"
                found.append(((picture, index), message, sound))
            home.setdefault(sound, picture)
    if found:
        raise mistakes(found)
    return value


ClassMap = Annotated[
    dict[Name, Annotated[list[Name], Field(min_length=1)]], Field(min_length=2), AfterValidator(_each_sound_once)
]


class ClassPaired(Clips, Folded):
    """Labelled sounds and labelled pictures paired by class; they were never recorded together.

    Relevance is by class, as it is in the retrieval benchmarks on AVE and VEGAS. Clips have nothing in common beyond
    their class, other than the parts of a real video.

    Attributes:
        sets: ``esc50_cifar10``, ESC-50 log-mels with CIFAR-10 features, or ``fsdd_digits``, spoken digits with
            scikit-learn's digit pictures.
        root: folder of both (``esc50/`` and ``cifar10/``, or ``fsdd/``); none looks in ``$AVGRAPH_DATA``, then in the
            user cache.
        class_map: class of pictures → classes of sounds; none is what both sets have.
        fold: fold of the sounds to test on.
        val_fold: the fold to validate on.
        cooccurrence: fraction of the clips that get a second, unannotated class mixed in.
        second_level: its amplitude beside that of the first; without effect, and an error, where there is none.
        seed: of pairs and mixtures.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error. ESC-50 alone can
            be downloaded.
    """

    path_keys = ("root",)

    type: Literal["class_paired"] = "class_paired"
    sets: Sets = "esc50_cifar10"
    root: FilePath | None = None
    class_map: ClassMap | None = None
    cooccurrence: Share = 0.0
    second_level: Rate = 0.5
    seed: Seed = 0
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio``, ``visual`` (node i of both is clip i) and ``concept`` nodes.

        With ``cooccurrence`` also what truly occurs together, (concept, co_occurs, concept), for scoring.

        Shapes:
            audio.x [n, 128, 216] uint8 log-mels (ESC-50) or [n, 384]; visual.x [n, 384] or [n, 64], then also
            visual.picture [n, 8, 8] uint8; y [n].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> ClassPaired(sets="fsdd_digits", root="/nowhere", on_missing=[]).load()
            Traceback (most recent call last):
            avgraph.errors.DataError: class_paired: no fsdd/fsdd_8khz.npz in /nowhere; see on_missing
        """
        from avgraph.datasets.paired.sets import load_class_paired

        return load_class_paired(self)

    def listen(self, names: Sequence[str]) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
        """Spoken digits; of other sets there are none."""
        from avgraph.datasets.paired.digits import spoken_digits
        from avgraph.datasets.paired.parts import locate_digits

        folder = locate_digits(self.root).folder if self.sets == "fsdd_digits" else None
        return {} if folder is None else spoken_digits(folder, names)

    def unused(self) -> dict[str, str]:
        """The level of second classes, where no clip has one."""
        return {} if self.cooccurrence else {"second_level": "no clip has a second class with cooccurrence 0"}

    def inputs(self) -> Iterator[Input]:
        """The folder, unless a stand-in takes its place."""
        return iter(()) if self.on_missing else super().inputs()

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """The sets that it pairs: ESC-50 and CIFAR-10, spoken digits; scikit-learn has the pictures of digits."""
        from avgraph.datasets.paired.sets import describe_class_paired

        return describe_class_paired(root, cls.type_name(), cls.what())

    @classmethod
    def fetch(cls) -> Path:
        """Download ESC-50 (about 650 MB); the other sets cannot be downloaded."""
        from avgraph.datasets.esc.folder import fetch_esc
        from avgraph.datasets.fetched import demanded

        return demanded(cls.type_name(), fetch_esc())
