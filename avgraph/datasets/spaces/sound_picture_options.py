"""Two small spaces over ESC-50 and CIFAR-10: the options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avgraph.datasets.base import DatasetStatus, Folded, Root
from avgraph.options.base import SyntheticOnMissing
from avgraph.options.paths import FilePath

if TYPE_CHECKING:
    import torch_geometric.data


class SoundPictureSpaces(Folded):
    """ESC-50 with one text encoder and CIFAR-10 with another: two small spaces that share nothing but texts.

    Space ``sound`` has MiniLM sentence vectors, space ``picture`` mean GloVe vectors of the same texts: 20,000 captions
    of AudioCaps and Clotho and a prompt per class. Both are centred over the captions and brought to length 1. The
    sounds and pictures get their places by the encoder `text_aligned`, each in its own space. No sound is paired with
    a picture. Classes that both have (six, by a map) are held out for retrieval: sounds of a fold, test pictures.

    Attributes:
        root: folder that holds ``esc50/``, ``cifar10/`` and ``text/``; none looks in ``$AVGRAPH_DATA``, then in the
            user cache.
        fold: fold of the sounds to test on.
        val_fold: the fold to validate on.
        on_missing: ``[synthetic]`` takes made-up data where there are none; empty makes that an error.
    """

    path_keys = ("root",)

    type: Literal["esc50_cifar10_spaces"] = "esc50_cifar10_spaces"
    root: FilePath | None = None
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``text`` nodes with a state in either space, ``audio`` and ``image`` for one each.

        Shapes:
            text.x_sound [n, 384], text.x_picture [n, 50]; audio.x uint8 [m, 128, 216]; image.x [k, 384]; ``text`` of
            both: number of the prompt of their class.

        Raises:
            DataError: if data are missing or cannot be used.

        Example:
            >>> SoundPictureSpaces(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.spaces.sound_picture import load_sound_picture

        return load_sound_picture(self)

    def node_types(self) -> tuple[str, ...]:
        """Texts, sounds and pictures."""
        return ("text", "audio", "image")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """The sets that it is made of: ESC-50, CIFAR-10 and vectors of texts."""
        from avgraph.datasets.spaces.sound_picture import describe_sound_picture

        return describe_sound_picture(root, cls.type_name(), cls.what())
