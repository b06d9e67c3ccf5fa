"""Bring your own data: the options. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Dataset, check_differ
from avgraph.datasets.files.part_options import EdgeFiles, NodeFiles, PartFiles
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.stored_shape import stored_shape
from avgraph.options.inputs import Input
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath, absolute
from avgraph.options.problems import Path, suggest_or_list
from avgraph.options.values import Count, Name

if TYPE_CHECKING:
    import torch_geometric.data


class Files(Dataset):
    """Your own arrays and tables: ``features.npy``, ``bundle.npz:key``, ``sounds.csv``, ``names.txt``.

    Class names in ``y`` become indices: into the names of another node type (the *label* node), else into the sorted
    distinct names; `avgraph.datasets.files.classes.find_classes` says which. ``provenance["classes"]`` says which index
    is which class. Features become float32, except 8-bit pictures. A ``split``, ``fold`` or ``random_split`` becomes
    three masks; without them there are none.

    Attributes:
        root: folder that the files are in; none: the folder of the YAML file.
        nodes: node type → its files.
        edges: edges that the data come with.
        fold: the fold to test on, where rows have one.
        val_fold: the fold to validate on; none keeps all others for training.
        on_leakage: what to do with rows whose ``source`` is that of a test row too.
        mapped: leave features, weights and ``attr`` that are float32, and an edge ``index`` that is int64 [2, e], in
            their files, where these can be mapped (``.npy``, ``.npz`` not compressed, ``.safetensors``); nothing is
            written to them, and they must not change. Anything else is loaded.
    """

    node_keys = ("nodes",)
    path_keys = ("root",)

    type: Literal["files"] = "files"
    root: FilePath | None = None
    nodes: Annotated[dict[Name, NodeFiles], Field(min_length=1)]
    edges: list[EdgeFiles] = Field(default=[])
    fold: Count | None = None
    val_fold: Count | None = None
    on_leakage: Literal["warn", "drop", "error"] = "warn"
    mapped: bool = False

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
            value["nodes"] = {name: _absolute(files, NodeFiles) for name, files in value["nodes"].items()}
        if isinstance(value.get("edges"), list):
            value["edges"] = [_absolute(files, EdgeFiles) for files in value["edges"]]
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
            yield from files.inputs(("nodes", node), self.root)
        for index, edge in enumerate(self.edges):
            yield from edge.inputs(("edges", index), self.root)

    def row_shape(self, node: str) -> tuple[int, ...] | None:
        """Of ``x``."""
        return stored_shape(self.nodes[node].x, self.root) if node in self.nodes else None

    def misshapen(self) -> Iterator[tuple[Path, str]]:
        """Of edges."""
        for index, edge in enumerate(self.edges):
            yield from ((("edges", index, *path), message) for path, message in edge.misshapen(self.root))

    def folds(self) -> tuple[int, ...]:
        """The folds that every node type with folds has.

        Raises:
            DataError: if a file cannot be read.
        """
        from avgraph.datasets.files.arrays import folds_of

        return folds_of(self)

    def unused(self) -> dict[str, str]:
        """What has no effect without folds or sources, which a table may have."""
        nodes = getattr(self, "nodes", None)  # absent or unchecked where the options hold mistakes
        parts = list(nodes.values()) if isinstance(nodes, Mapping) else []
        told = {} if self.fold is not None else {"val_fold": "there is no fold to test on"}
        if not any(_names(part, "table") or _names(part, "source") for part in parts):
            told["on_leakage"] = "no node type has a source"
        if not any(_names(part, "table") or _names(part, "fold") for part in parts):
            told |= dict.fromkeys(("fold", "val_fold"), "no node type has a fold")
        return told

    def unlabelled(self, node: str) -> dict[Path, str]:
        """Of ``y`` and ``split``, those that a node type has no file of."""
        files, gives = self.nodes[node], {"y": "the class of each row", "split": "which rows are training rows"}
        lacks = [key for key in gives if getattr(files, key) is None and files.table is None]
        if "split" in lacks and not (files.random_split is None and files.fold is None):
            lacks.remove("split")
        return {("nodes", node, key): gives[key] for key in lacks}

    @model_validator(mode="after")
    def _a_fold_is_tested(self) -> Files:
        if self.fold is None:
            found = [
                (("nodes", node, "fold"), "expected dataset.fold too, the fold to test on", files.fold)
                for node, files in self.nodes.items()
                if files.fold is not None
            ]
            if found:
                raise mistakes(found)
        else:
            check_differ(self, "fold", "val_fold")
        return self

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


def _absolute(files: Any, options: type[PartFiles]) -> Any:
    """The files of one type, with absolute paths."""
    if not isinstance(files, Mapping):
        return files
    made = {key: absolute(text) if key in ("table", *options.file_options) else text for key, text in files.items()}
    for key, names in (("attributes", None), ("random_split", ("group",))):
        if isinstance(part := made.get(key), Mapping):
            made[key] = {name: absolute(text) if names is None or name in names else text
                         for name, text in part.items()}  # fmt: skip
    return made


def _names(files: Any, key: str) -> bool:
    return (files.get(key) if isinstance(files, Mapping) else getattr(files, key, None)) is not None


def _no_such_node(node: str, known: Mapping[str, Any]) -> str:
    return f"no node type '{node}' under nodes{suggest_or_list(node, known, 'it has')}"
