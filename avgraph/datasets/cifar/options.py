"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009): their options. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from avgraph.datasets.base import Dataset, DatasetStatus, Root
from avgraph.options.paths import FilePath
from avgraph.options.values import Fraction, OnMissing, Positive, Seed

if TYPE_CHECKING:
    import torch_geometric.data


class _Cifar(Dataset):
    path_keys = ("root",)
    cifar: ClassVar[Literal["cifar10", "cifar100"]]

    root: FilePath | None = None
    val_fraction: Fraction = 0.1
    labels_per_class: Positive | None = None
    keep: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Seed = 0
    on_missing: OnMissing = Field(default=["download", "synthetic"])

    def node_types(self) -> tuple[str, ...]:
        """Pictures and their classes."""
        return ("image", "label")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its folder and how many pictures there are; of archives the sizes of the files alone are read."""
        from avgraph.datasets.cifar.folder import describe_cifar

        return describe_cifar(cls.cifar, cls.what(), root)

    @classmethod
    def fetch(cls) -> Path:
        """Download the pictures in their binary version (about 160 MB)."""
        from avgraph.datasets.cifar.folder import fetch_cifar
        from avgraph.datasets.fetched import demanded

        return demanded(cls.type_name(), fetch_cifar(cls.cifar))


class CIFAR10(_Cifar):
    """CIFAR-10: 60,000 pictures of 32 × 32 pixels in 10 classes.

    The published binary version is read (``data_batch_1.bin`` …, no pickle), or features of a frozen network from
    ``efficientnet_lite0_pca384.npz``.

    Attributes:
        root: folder of the files; none looks in ``$AVGRAPH_DATA/cifar10``, then in the user cache.
        content: pictures, or their features, which nobody publishes: whoever has the file, has them.
        val_fraction: of the training pictures of every class, set apart to validate.
        labels_per_class: so many training pictures of every class keep their label, the others stay in the graph
            without being trained on; none keeps all.
        keep: share of the pictures of every class and split, drawn, to try something out.
        seed: of all these draws.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error. Features cannot
            be downloaded.
    """

    cifar = "cifar10"

    type: Literal["cifar10"] = "cifar10"
    content: Literal["pictures", "features"] = "pictures"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``image`` and ``label`` (class names).

        Shapes:
            image.x uint8 [n, 3, 32, 32], of features float32 [n, d]; image.y, image.row int64 [n] (row: of the
            training pictures, then the test pictures, as published); label.y int64 [C].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> CIFAR10(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.cifar.graph import load_cifar

        return load_cifar(self)


class CIFAR100(_Cifar):
    """CIFAR-100: 60,000 pictures of 32 × 32 pixels in 100 classes, which make 20 superclasses.

    The published binary version is read (``train.bin``, ``test.bin``, no pickle). ``label.superclass`` is the
    superclass of a class.

    Attributes:
        root: folder of the files; none looks in ``$AVGRAPH_DATA/cifar100``, then in the user cache.
        val_fraction: of the training pictures of every class, set apart to validate.
        labels_per_class: so many training pictures of every class keep their label, the others stay in the graph
            without being trained on; none keeps all.
        keep: share of the pictures of every class and split, drawn, to try something out.
        seed: of all these draws.
        on_missing: what to try, in order, where there is no data; an empty list makes that an error.
    """

    cifar = "cifar100"

    type: Literal["cifar100"] = "cifar100"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``image`` and ``label`` (class names).

        Shapes:
            image.x uint8 [n, 3, 32, 32]; image.y, image.row int64 [n] (row: of the
            training pictures, then the test pictures, as published); label.y,
            label.superclass int64 [C].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> CIFAR100(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.cifar.graph import load_cifar

        return load_cifar(self)
