"""Bring your own data: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Dataset
from avgraph.datasets.files.split_options import RandomSplit
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import Name
from avgraph.options.inputs import Input, Kind, named
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import Path, suggest_or_list
from avgraph.options.strict import Options

if TYPE_CHECKING:
    import torch_geometric.data


class NodeFiles(Options):
    """Files of one node type, one row per node; at least one file.

    Attributes:
        x: features.
        y: classes, as names or numbers, or one-hot.
        split: train, val, test or 0, 1, 2, or true for train and false for test.
        name: names.
        random_split: in place of ``split``, one that is drawn.
    """

    x: Name | None = None
    y: Name | None = None
    split: Name | None = None
    name: Name | None = None
    random_split: RandomSplit | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> NodeFiles:
        if self.split is not None and self.random_split is not None:
            raise mistakes([(("random_split",), "split says already which rows train", None)])
        if self.x is None and self.y is None and self.split is None and self.name is None:
            raise mistakes([((), "expected at least one of x, y, split, name", None)])
        return self


class EdgeFiles(Options):
    """Files of one edge type.

    Attributes:
        source: node type that the edges start from.
        relation: what the edges say.
        target: node type that they lead to.
        index: pairs of rows, [2, e] or [e, 2].
        weight: a number an edge.
        attr: a row of numbers an edge.
    """

    source: Name
    relation: Name
    target: Name
    index: Name
    weight: Name | None = None
    attr: Name | None = None


class Files(Dataset):
    """Your own arrays: ``features.npy``, ``bundle.npz:key``, ``table.parquet:column``, ``names.txt``.

    Class names in ``y`` become indices: into the names of another node type (the *label* node), else into the sorted
    distinct names; `avgraph.datasets.files.classes.find_classes` says which. ``provenance["classes"]`` says which index
    is which class. Features become float32, except 8-bit pictures. ``split`` or ``random_split`` becomes three masks;
    without them there are none.

    Attributes:
        root: folder that the files are in; none: the folder of the YAML file.
        nodes: node type → its files.
        edges: edges that the data come with.
    """

    node_keys = ("nodes",)
    path_keys = ("root",)

    type: Literal["files"] = "files"
    root: FilePath | None = None
    nodes: Annotated[dict[Name, NodeFiles], Field(min_length=1)]
    edges: list[EdgeFiles] = Field(default=[])

    def load(self) -> torch_geometric.data.HeteroData:
        """Read, check and assemble the graph.

        Shapes:
            x float32 (or uint8) [n, ...]; y int64 [n]; masks bool [n]; edge_index int64 [2, e]; edge_weight float32
            [e]; edge_attr float32 [e, d].

        Raises:
            DataError: naming the file and the row or column that is missing, unreadable or wrong.

        Example:
            >>> import tempfile, pathlib
            >>> import numpy as np
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     np.save(f"{folder}/x.npy", np.eye(3))
            ...     _ = pathlib.Path(folder, "y.txt").write_text("cat\\ndog\\ncat\\n")
            ...     data = Files(root=folder, nodes={"image": {"x": "x.npy", "y": "y.txt"}}).load()
            >>> data["image"].y.tolist(), data.provenance["classes"]
            ([0, 1, 0], {'image': ['cat', 'dog']})
        """
        from avgraph.datasets.files.arrays import load_files

        return load_files(self)

    @model_validator(mode="before")
    @classmethod
    def _absolute_without_root(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("root") is not None:
            return value
        value = dict(value)
        if isinstance(value.get("nodes"), Mapping):
            value["nodes"] = {name: _absolute(files, ()) for name, files in value["nodes"].items()}
        if isinstance(value.get("edges"), list):
            value["edges"] = [_absolute(files, ("source", "relation", "target")) for files in value["edges"]]
        return value

    def node_types(self) -> tuple[str, ...] | None:
        """The node types that have files."""
        nodes = getattr(self, "nodes", None)  # absent where the options hold mistakes
        return tuple(nodes) if nodes and isinstance(nodes, Mapping) else None

    def edge_types(self) -> dict[Path, EdgeType]:
        """The edge types that have files."""
        return {("edges", i): (edge.source, edge.relation, edge.target) for i, edge in enumerate(self.edges)}

    def inputs(self) -> Iterator[Input]:
        """The folder, then the files of nodes and edges."""
        yield from super().inputs()
        for node, files in self.nodes.items():
            for key in ("x", "y", "split", "name"):
                kind: Kind = "numbers" if key == "x" else "array"
                yield from named(("nodes", node, key), getattr(files, key), kind, self.root)
            if files.random_split is not None:
                path = ("nodes", node, "random_split", "group")
                yield from named(path, files.random_split.group, "array", self.root)
        for index, edge in enumerate(self.edges):
            for key in ("index", "weight", "attr"):
                yield from named(("edges", index, key), getattr(edge, key), "numbers", self.root)

    def unlabelled(self, node: str) -> dict[Path, str]:
        """Of ``y`` and ``split``, those that a node type has no file of."""
        files, gives = self.nodes[node], {"y": "the class of each row", "split": "which rows are training rows"}
        lacks = [key for key in gives if getattr(files, key) is None]
        if files.random_split is not None:
            lacks.remove("split")
        return {("nodes", node, key): gives[key] for key in lacks}

    @model_validator(mode="after")
    def _edges_join_nodes(self) -> Files:
        found = [
            (("edges", index, end), _no_such_node(node, self.nodes), node)
            for index, edge in enumerate(self.edges)
            for end, node in (("source", edge.source), ("target", edge.target))
            if node not in self.nodes
        ]
        if found:
            raise mistakes(found)
        return self


def _absolute(files: Any, names: tuple[str, ...]) -> Any:
    """A mapping whose values are paths, but for the keys in ``names``."""
    if not isinstance(files, Mapping):
        return files
    return {key: value if key in names else _absolute(value, ("val", "test", "seed")) if isinstance(value, Mapping)
            else absolute(value) for key, value in files.items()}  # fmt: skip


def _no_such_node(node: str, known: Mapping[str, Any]) -> str:
    return f"no node type '{node}' under nodes{suggest_or_list(node, known, 'it has')}"
