"""Generated shapes that move over clouds of colour and sound: their options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from avgraph.datasets.base import DatasetStatus, Root
from avgraph.datasets.composed.options import Composed
from avgraph.options.values import Share

if TYPE_CHECKING:
    import torch_geometric.data

FIFTHS = 5  # of the recordings of a class: one to test, one to validate, three to train
MOST_CLASSES = 12


class SoundingShapes(Composed):
    """Generated shapes whose class is their timbre, over noise, with shapes that never sound.

    Colour, pitch and time of the sound say nothing about the class: the shape tells what is seen, the timbre what is
    heard. Training, validation and test clips hear different recordings.

    Attributes:
        classes: shapes that sound; there are twelve, and the others never do.
        recordings: of each class; a fifth each for the validation and the test clips.
        silent_shapes: how likely a silent shape is one that never sounds.
    """

    type: Literal["sounding_shapes"] = "sounding_shapes"
    classes: Annotated[int, Field(ge=2, le=MOST_CLASSES)] = 8
    recordings: Annotated[int, Field(ge=FIFTHS)] = 20
    silent_shapes: Share = 0.3

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph that `avgraph.graph.segmentation` describes, with all conditions to test under.

        Raises:
            DataError: if there are too few classes for ``max_objects``.

        Example:
            >>> few = dict(train_clips=4, val_clips=0, test_clips=2, frames=2, size=16, classes=4, recordings=5)
            >>> data = SoundingShapes(**few).load()
            >>> data["frame"].x.shape, data.provenance["source"]
            (torch.Size([12, 3, 16, 16]), 'synthetic')
        """
        from avgraph.datasets.sounding_shapes.clips import load_sounding_shapes

        return load_sounding_shapes(self)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Made when it is loaded."""
        note = "made when it is loaded; size and seed are options"
        return DatasetStatus(cls.type_name(), cls.what(), "synthetic", note=note)
