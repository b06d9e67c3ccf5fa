"""A made-up data set in the shape of ESC-50: its options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from avgraph.datasets.base import DatasetStatus, Folded, Root
from avgraph.options.values import Seed

if TYPE_CHECKING:
    import torch_geometric.data

FOLDS = 5
MOST_CLASSES = 120  # the combinations of timbre, rhythm and contour in avgraph.datasets.synthetic.sounds


class Synthetic(Folded):
    """Made-up clips, for tests and for a look without data.

    Sound-like log-mels with named classes, five folds and recordings that give two clips each. Both clips of a
    recording are in the same fold, as in ESC-50. Equal options give equal bytes.

    Attributes:
        classes: how many; there are names for 120.
        clips_per_class: of each class; the five folds get equally many, the first ones one more if 5 does not divide
            it.
        fold: the fold to test on.
        val_fold: the fold to validate on; none keeps all others for training.
        seed: of the clips.
    """

    type: Literal["synthetic"] = "synthetic"
    classes: Annotated[int, Field(ge=2, le=MOST_CLASSES)] = 50
    clips_per_class: Annotated[int, Field(ge=FOLDS)] = 40
    seed: Seed = 0

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels, labels, masks) and ``label`` (class names).

        Shapes:
            audio.x uint8 [classes * clips_per_class, 128, 216]; audio.y, audio.fold int64 [n]; label.y int64 [C].

        Example:
            >>> data = Synthetic(classes=2, clips_per_class=5).load()
            >>> data["audio"].x.shape, data.provenance["source"]
            (torch.Size([10, 128, 216]), 'synthetic')
        """
        from avgraph.datasets.synthetic.clips import load_synthetic

        return load_synthetic(self)

    def node_types(self) -> tuple[str, ...]:
        """Clips and their classes."""
        return ("audio", "label")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """There is nothing to look for: it is made when it is loaded.

        Example:
            >>> print(Synthetic.describe())
            synthetic: synthetic
              what       Made-up clips, for tests and for a look without data.
              note       made when it is loaded; size and seed are options
        """
        note = "made when it is loaded; size and seed are options"
        return DatasetStatus(cls.type_name(), cls.what(), "synthetic", note=note)
