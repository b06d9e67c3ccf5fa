"""Your own rows: the files of one node type and of one edge type. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from avgraph.datasets.files.split_options import RandomSplit
from avgraph.io.stored_shape import stored_shape
from avgraph.options.inputs import Input, Kind, named
from avgraph.options.mistakes import mistakes
from avgraph.options.problems import Path
from avgraph.options.strict import Options
from avgraph.options.values import Name

Columns = Annotated[list[Name], Field(min_length=1)]
_KINDS: dict[Path, Kind] = {
    ("table",): "columns", ("x",): "numbers", ("index",): "numbers", ("weight",): "numbers", ("attr",): "numbers"
}  # fmt: skip


EDGE_AXES = {"attr": 2, "weight": 1, "y": 1, "split": 1}
"""Of what there is of each edge, how many axes it has."""


class PartFiles(Options):
    """Base of the files of one type.

    Attributes:
        attributes: name → file of a value or a row each, which becomes an attribute of that name.
        table: file with named columns, ``.csv``, ``.tsv`` or ``.parquet``, of a row each. Columns that are called as
            options of this list are what these say, any other is an attribute; an option that is written counts more.
        features: columns of the table that are the features, by name or pattern (``f*``).
    """

    file_options: ClassVar[tuple[str, ...]] = ()
    """Options that name a file each, apart from the table."""

    attributes: dict[Name, Name] | None = None
    table: Name | None = None
    features: Columns | None = None

    def references(self) -> dict[Path, str]:
        """Option → the file, or the array of a file, that it names."""
        found: dict[Path, Any] = {(key,): getattr(self, key) for key in ("table", *self.file_options)}
        found |= {("attributes", name): text for name, text in (self.attributes or {}).items()}
        return {path: text for path, text in found.items() if text is not None}

    def inputs(self, path: Path, root: str | None) -> Iterator[Input]:
        """What it names, the option of each below ``path``."""
        for option, text in self.references().items():
            yield from named((*path, *option), text, _KINDS.get(option, "array"), root)
        columns = None if self.features is None else f"{self.table}:{','.join(self.features)}"
        for table in named((*path, "table"), self.table, "columns", root):
            if not str(self.table).lower().endswith(".parquet") and table.problem() is None:
                yield from named((*path, "features"), columns, "numbers", root)

    def _check(self, features: str) -> None:
        """Refuse features of no table or beside an array of them, and attributes that have an option of their own."""
        if self.features is not None and self.table is None:
            raise mistakes([(("features",), "expected a table whose columns these are", self.features)])
        if self.features is not None and getattr(self, features) is not None:
            raise mistakes([(("features",), f"{features} has them already", self.features)])
        taken = {name: f"'{name}' is an option of its own" for name in self.file_options}
        taken |= dict.fromkeys(("num_nodes", "edge_index"), "a name that the graph needs itself")
        found = [(("attributes", name), taken[name], name) for name in self.attributes or () if name in taken]
        if found:
            raise mistakes(found)


class NodeFiles(PartFiles):
    """Files of one node type, one row per node; at least one file.

    Attributes:
        x: features.
        y: classes, as names or numbers, or one-hot.
        split: train, val, test or 0, 1, 2, or true for train and false for test.
        name: names.
        random_split: in place of ``split``, one that is drawn.
        fold: in place of ``split``, the number of the fold of each row; the data set's ``fold`` is tested on.
        source: what each row was cut from or who it is of; the data set's ``on_leakage`` says what becomes of training
            rows that share it with a test row.
    """

    file_options = ("x", "y", "split", "name", "fold", "source")

    x: Name | None = None
    y: Name | None = None
    split: Name | None = None
    name: Name | None = None
    random_split: RandomSplit | None = None
    fold: Name | None = None
    source: Name | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> NodeFiles:
        self._check("x")
        ways = [key for key in ("split", "fold", "random_split") if getattr(self, key) is not None]
        if len(ways) > 1:
            raise mistakes([((ways[1],), f"{ways[0]} says already which rows train", None)])
        if not any(getattr(self, key) is not None for key in ("table", *self.file_options)):
            raise mistakes([((), f"expected at least one of {', '.join(self.file_options)}, table", None)])
        return self

    def references(self) -> dict[Path, str]:
        """Option → what it names; of a drawn split its groups too."""
        group = None if self.random_split is None else self.random_split.group
        return super().references() | ({} if group is None else {("random_split", "group"): group})


class EdgeFiles(PartFiles):
    """Files of one edge type: ``index``, or a ``table`` with the columns ``source`` and ``target``.

    Attributes:
        source: node type that the edges start from.
        relation: what the edges say.
        target: node type that they lead to.
        index: pairs of rows, [2, e] or [e, 2].
        weight: a number an edge.
        attr: a row of numbers an edge.
        y: a number an edge, such as whether it is true.
        split: of each edge, as of nodes.
    """

    file_options = ("index", "weight", "attr", "y", "split")

    source: Name
    relation: Name
    target: Name
    index: Name | None = None
    weight: Name | None = None
    attr: Name | None = None
    y: Name | None = None
    split: Name | None = None

    @model_validator(mode="after")
    def _has_ends(self) -> EdgeFiles:
        self._check("attr")
        if (self.index is None) == (self.table is None):
            told = "missing required key" if self.index is None else "the table has the ends already"
            raise mistakes([(("index",), f"{told} (either index or table)", self.index)])
        return self

    def misshapen(self, root: str | None) -> Iterator[tuple[Path, str]]:
        """(option, message) of arrays that their headers rule out."""
        index, edges = stored_shape(self.index, root), None
        if index is not None:
            if len(index) != 2 or 2 not in index:
                yield ("index",), f"{self.index}: expected shape [2, e] or [e, 2], got {list(index)}"
                return
            edges = index[1] if index[0] == 2 else index[0]
        for key, axes in EDGE_AXES.items():
            shape = stored_shape(getattr(self, key), root)
            if shape is not None and (len(shape) != axes or edges not in (None, shape[0])):
                expected = f"[{'e' if edges is None else edges}{', d' if axes == 2 else ''}]"
                told = f"expected shape {expected}, one row per edge, got {list(shape)}"
                yield (key,), f"{getattr(self, key)}: {told}"
