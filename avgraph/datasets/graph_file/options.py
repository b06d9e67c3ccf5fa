"""A graph in a file: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from avgraph.datasets.base import Dataset, check_differ
from avgraph.datasets.files.part_options import Columns
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Count, Name

if TYPE_CHECKING:
    import torch_geometric.data


class GraphFile(Dataset):
    """A graph in a file: ``.graphml`` or node-link ``.json`` of networkx, igraph, Gephi or a run, ``.pt`` of PyG.

    A ``.pt`` file is ``torch.save(data.to_dict(), "graph.pt")`` of a ``HeteroData`` or ``Data``, its masks the splits.

    Nodes are of the type that their ``node_type`` says, or else ``node``, and edges of that of ``relation``, or else
    ``edge``. Of nodes ``name``, ``y``, ``split``, ``fold`` and ``source`` are what they are in `Files`, of edges
    ``weight`` and ``split``; any other attribute stays what it is. An undirected edge becomes two.

    Attributes:
        path: the file.
        features: node type → attributes that are the features, by name or pattern (``f*``); none: ``x``.
        fold: the fold to test on, where nodes have one.
        val_fold: the fold to validate on; none keeps all others for training.
        on_leakage: what to do with nodes whose ``source`` is that of a test node too.
    """

    path_keys = ("path",)

    type: Literal["graph_file"] = "graph_file"
    path: FilePath
    features: dict[Name, Columns] | None = None
    fold: Count | None = None
    val_fold: Count | None = None
    on_leakage: Literal["warn", "drop", "error"] = "warn"

    def load(self) -> torch_geometric.data.HeteroData:
        """Read and check the graph.

        Shapes:
            x float32 [n, d]; y int64 [n]; masks bool [n]; edge_index int64 [2, e]; edge_weight float32 [e].

        Raises:
            DataError: naming the file, and the node or the attribute that is wrong.

        Example:
            >>> import tempfile
            >>> import networkx as nx
            >>> graph = nx.Graph([("a", "b")])
            >>> nx.set_node_attributes(graph, {"a": "dog", "b": "rain"}, "y")
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     nx.write_graphml(graph, f"{folder}/mine.graphml")
            ...     data = GraphFile(path=f"{folder}/mine.graphml").load()
            >>> data["node"].name, data["node"].y.tolist(), data["node", "edge", "node"].edge_index.tolist()
            (['a', 'b'], [0, 1], [[0, 1], [1, 0]])
        """
        from avgraph.datasets.graph_file.graph import load_graph_file

        return load_graph_file(self)

    def edge_types(self) -> None:
        """Only loading tells."""
        return None

    def inputs(self) -> Iterator[Input]:
        """The file."""
        return named(("path",), self.path, "graph")

    def folds(self) -> tuple[int, ...]:
        """The folds that every node type with folds has.

        Raises:
            DataError: if the file cannot be read.
        """
        from avgraph.datasets.graph_file.graph import folds_of

        return folds_of(self)

    def unused(self) -> dict[str, str]:
        """What has no effect without a fold to test on."""
        return {} if self.fold is not None else {"val_fold": "there is no fold to test on"}

    @model_validator(mode="after")
    def _folds_differ(self) -> GraphFile:
        if self.fold is not None:
            check_differ(self, "fold", "val_fold")
        return self
