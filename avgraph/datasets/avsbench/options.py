"""AVSBench (Zhou et al., ECCV 2022), single-source and multi-source: their options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from avgraph.datasets.base import DatasetStatus, Root, Segmentation, Side
from avgraph.options.paths import FilePath

if TYPE_CHECKING:
    import torch_geometric.data

Part = Literal["s4", "ms3"]


class _AVSBench(Segmentation):
    """Base of the two parts.

    Attributes:
        root: folder of the data, with ``Single-source/`` or ``s4_meta_data.csv`` (S4), ``Multi-sources/`` or
            ``ms3_meta_data.csv`` (MS3); none looks in ``$AVGRAPH_DATA/avsbench``, then in the user cache.
        size: height and width that frames and masks are brought to.
    """

    path_keys = ("root",)
    part: ClassVar[Part]
    """Of AVSBench."""

    root: FilePath | None = None
    size: Side = 224

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph that `avgraph.graph.segmentation` describes; splits are the table's.

        Raises:
            DataError: if the data are not there, or naming the file that is missing or damaged.
        """
        from avgraph.datasets.avsbench.clips import load_avsbench

        return load_avsbench(self.part, self.root, self.size)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its clips and categories."""
        from avgraph.datasets.avsbench.layout import describe_avsbench

        return describe_avsbench(cls.part, root, cls.what())


class AVSBenchS4(_AVSBench):
    """AVSBench S4: 4,932 clips with one sounding object; of a training clip only the first mask is known.

    Example:
        >>> AVSBenchS4(size=64).size
        64
    """

    part = "s4"
    type: Literal["avsbench_s4"] = "avsbench_s4"


class AVSBenchMS3(_AVSBench):
    """AVSBench MS3: 424 clips of several sounding objects; all masks are known, their objects are one foreground."""

    part = "ms3"
    type: Literal["avsbench_ms3"] = "avsbench_ms3"
