"""AVE and VEGAS, one file of features each: their options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Clips, DatasetStatus, Root
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.values import Name, Seed, SyntheticOnMissing

if TYPE_CHECKING:
    import torch_geometric.data


class _Features(Clips):
    """Base of the two sets.

    Attributes:
        root: folder of the file; none looks in the set's folder of ``$AVGRAPH_DATA``, then in the user cache.
        class_names: names in the order of the labels, which the file does not have.
        val_fraction: of the training clips of every class, set apart to validate.
        seed: of that choice.
        on_missing: ``[synthetic]`` takes made-up features where there is no file; empty makes that an error.
    """

    path_keys = ("root",)
    files: ClassVar[tuple[str, ...]]
    """Names that the file is passed on under."""
    class_count: ClassVar[int]
    """How many classes there are."""

    root: FilePath | None = None
    class_names: list[Name] | None = None
    val_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    seed: Seed = 0
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    @model_validator(mode="after")
    def _a_name_for_each_class(self) -> _Features:
        if self.class_names is not None and len(self.class_names) != self.class_count:
            message = f"expected {self.class_count} names, got {len(self.class_names)}"
            raise mistakes([(("class_names",), message, self.class_names)])
        return self


class AVE(_Features):
    """AVE: 1,955 clips in 15 classes, as one file of features.

    Audio [n, 128] is VGGish, visual [n, 1024] Inception V3; `avgraph.datasets.features.file` says what the file
    ``AVE_feature_updated_squence.h5`` holds.
    """

    files = ("AVE_feature_updated_squence.h5", "ave_feature.h5", "ave.h5", "ave.mat")
    class_count = 15

    type: Literal["ave"] = "ave"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio``, ``visual`` (node i of both is clip i) and ``concept`` nodes.

        Raises:
            DataError: if there is no file, or what is there cannot be used.

        Example:
            >>> AVE(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.features.sets import load_features

        return load_features(self)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its file and clips."""
        from avgraph.datasets.features.sets import describe_features

        return describe_features(cls, root)


class VEGAS(_Features):
    """VEGAS: 28,103 clips in 10 classes, as one file of features.

    The file is ``vegas_feature.h5``.
    """

    files = ("vegas_feature.h5", "vegas.h5", "vegas.mat")
    class_count = 10

    type: Literal["vegas"] = "vegas"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges, as of `AVE`.

        Raises:
            DataError: if there is no file, or what is there cannot be used.

        Example:
            >>> VEGAS(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.features.sets import load_features

        return load_features(self)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its file and clips."""
        from avgraph.datasets.features.sets import describe_features

        return describe_features(cls, root)
