"""What the rows of a graph are and which files they came from: the ``provenance`` of a graph. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from avgraph.errors import GraphError


@dataclass(frozen=True)
class Provenance:
    """Where data are from; None is what nobody said.

    Attributes:
        dataset: name of the data set.
        source: ``real``, ``synthetic``, or ``composed`` of real parts that were never recorded together.
        settings: options that chose rows and splits, such as ``fold``.
        note: what a reader of the numbers must know.
        classes: their names, or those of each node type.
        files: SHA-256 of every file that was read, by its name.
        leakage: recordings that are on both sides of a split, as `avgraph.datasets.leakage.Leak`.

    Example:
        >>> Provenance("mine", "real", {"fold": 1}, files={"x.npy": "ba78"}).as_dict()
        {'dataset': 'mine', 'source': 'real', 'fold': 1, 'files': {'x.npy': 'ba78'}}
    """

    dataset: str | None = None
    source: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    classes: Sequence[str] | Mapping[str, Sequence[str]] | None = None
    files: Mapping[str, str] | None = None
    leakage: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def of(cls, data: Any) -> Provenance:
        """That of a graph; empty where it has none.

        Raises:
            GraphError: if it is no mapping, or its files are none.

        Example:
            >>> from torch_geometric.data import HeteroData
            >>> graph = HeteroData()
            >>> Provenance(source="real", note="short").write_to(graph)
            >>> Provenance.of(graph).source, graph.provenance
            ('real', {'source': 'real', 'note': 'short'})
        """
        found = _mapping("provenance", data.get("provenance") or {})
        _mapping("provenance.files", found.get("files") or {})
        own = {key: value for key, value in found.items() if key in _FIELDS}
        return cls(**own, settings={key: value for key, value in found.items() if key not in _FIELDS})

    @classmethod
    def joined(cls, parts: Iterable[Provenance]) -> Provenance:
        """Of a set made of several: synthetic if one is, else composed if one is; with the notes and files of all.

        Example:
            >>> sounds, pictures = Provenance(source="synthetic", note="made up"), Provenance(note="10 × 10")
            >>> Provenance.joined([sounds, pictures]).as_dict()
            {'source': 'synthetic', 'note': 'made up; 10 × 10', 'files': {}}
        """
        parts = list(parts)
        sources = {part.source for part in parts}
        return cls(
            source=next((source for source in ("synthetic", "composed") if source in sources), "real"),
            note="; ".join(dict.fromkeys(part.note for part in parts if part.note)),
            files={name: value for part in parts for name, value in (part.files or {}).items()},
        )

    def class_names(self, node: str) -> Sequence[str]:
        """Names of the classes of a node type; empty where nobody said.

        Example:
            >>> Provenance(classes={"audio": ["cat", "dog"]}).class_names("audio")
            ['cat', 'dog']
        """
        known = self.classes or ()
        return known.get(node, ()) if isinstance(known, Mapping) else known

    def with_files(self, files: Mapping[str, str]) -> Provenance:
        """The same with further files that were read."""
        return replace(self, files={**(self.files or {}), **files}) if files else self

    def as_dict(self) -> dict[str, Any]:
        """What is known, as plain data."""
        plain = {
            "dataset": self.dataset,
            "source": self.source,
            **self.settings,
            "note": self.note,
            "classes": self.classes,
            "files": None if self.files is None else dict(self.files),
            "leakage": self.leakage,
        }
        return {key: value for key, value in plain.items() if key in self.settings or value is not None}

    def write_to(self, data: Any) -> None:
        """Set ``provenance`` of a graph, as plain data, which every file it is exported to can hold."""
        data.provenance = self.as_dict()


_FIELDS = {"dataset", "source", "note", "classes", "files", "leakage"}


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise GraphError(f"graph: {name}: expected a mapping, got {type(value).__name__}")
    return value
