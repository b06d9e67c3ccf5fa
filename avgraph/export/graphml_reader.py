"""GraphML, read as a stream, with the line of every mistake; a DOCTYPE (entity expansion) is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from avgraph.errors import DataError, shortened
from avgraph.export.cells import unescape_forbidden
from avgraph.export.records import Records
from avgraph.export.tables import SCHEMA

MAX_NESTED = 100  # a graph needs four; drawing instructions of other programs a few more
_TYPES = ("boolean", "int", "long", "float", "double", "string")


@dataclass(frozen=True)
class _Key:
    name: str
    type: str
    domain: str


class GraphmlReader:
    """Handlers of the XML events; every handler raises DataError with the line it is at."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.keys: dict[str, _Key] = {}
        self.defaults: dict[str, dict[str, Any]] = {"node": {}, "edge": {}}
        self.path: list[str] = []
        self.ours = False
        self.graphs = 0
        self.directed = True
        self.values: dict[str, Any] = {}
        self.nodes: list[tuple[Any, dict[str, Any], int]] = []
        self.edges: list[tuple[Any, Any, dict[str, Any], int]] = []
        self.cells: dict[str, Any] = self.values
        self.key: _Key | None = None
        self.text: list[str] = []

    def records(self) -> Records:
        """What the file holds, once parsed."""
        if not self.graphs:
            raise DataError("expected a <graph> element, found none")
        for cells in (attributes for _, attributes, _ in self.nodes) if self.defaults["node"] else ():
            cells.update({**self.defaults["node"], **cells})
        for cells in (attributes for *_, attributes, _ in self.edges) if self.defaults["edge"] else ():
            cells.update({**self.defaults["edge"], **cells})
        return Records(self.values, self.nodes, self.edges)

    def _fail(self, message: str) -> DataError:
        return DataError(f"line {self.parser.CurrentLineNumber}: {message}")

    def _need(self, tag: str, attributes: dict[str, str], name: str) -> str:
        if name not in attributes:
            raise self._fail(f"<{tag}> without the attribute {name!r}")
        return attributes[name]

    def _doctype(self, *_: Any) -> None:
        raise self._fail("a DOCTYPE is refused, since its entities can expand without bound")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        inside = self.path[-1] if self.path else ""
        self.path.append(tag)
        if len(self.path) > MAX_NESTED:
            raise self._fail(f"elements nested more than {MAX_NESTED} deep")
        if not inside and tag != "graphml":
            raise self._fail(f"expected a <graphml> document, got <{tag}>")
        if tag == "data":
            if inside in ("graph", "node", "edge"):
                self._start_data(attributes)
        elif tag == "node":
            self.cells = {}
            self.nodes.append((self._need(tag, attributes, "id"), self.cells, self.parser.CurrentLineNumber))
        elif tag == "edge":
            self._start_edge(attributes)
        elif tag == "graph":
            self.graphs += 1
            if self.graphs > 1:
                raise self._fail("expected one graph; nested graphs and several graphs in a file cannot be read")
            self.directed = attributes.get("edgedefault", "directed") != "undirected"
            self._name_keys()
        elif tag == "hyperedge":
            raise self._fail("hyperedges cannot be read; expected edges of one source and one target")
        elif tag == "key":
            self._start_key(attributes)
        elif tag == "default" and inside == "key":
            self._collect()
        else:
            self.parser.CharacterDataHandler = None  # e.g. drawing instructions inside a <data>
            if inside == "data":
                self.key = None

    def _start_key(self, attributes: dict[str, str]) -> None:
        key_id = self._need("key", attributes, "id")
        if key_id in self.keys:
            raise self._fail(f"key id {key_id!r} is declared twice")
        type_ = attributes.get("attr.type", "string")
        if type_ not in _TYPES:
            raise self._fail(f"key {key_id!r}: expected attr.type one of {', '.join(_TYPES)}; got {shortened(type_)!r}")
        self.key = _Key(attributes.get("attr.name", key_id), type_, attributes.get("for", "all"))
        self.keys[key_id] = self.key

    def _start_edge(self, attributes: dict[str, str]) -> None:
        self.cells = {}
        line = self.parser.CurrentLineNumber
        source, target = (self._need("edge", attributes, end) for end in ("source", "target"))
        self.edges.append((source, target, self.cells, line))
        directed = attributes.get("directed", str(self.directed).lower()) == "true"
        if not directed and source != target:
            self.edges.append((target, source, self.cells, line))

    def _start_data(self, attributes: dict[str, str]) -> None:
        key_id = self._need("data", attributes, "key")
        if key_id not in self.keys:
            raise self._fail(f"<data> refers to the key {key_id!r}, which is not declared")
        self.key = self.keys[key_id]
        self._collect()

    def _collect(self) -> None:
        self.text = []
        self.parser.CharacterDataHandler = self.text.append

    def _name_keys(self) -> None:
        """Whether the file is ours is known once the keys are: only then are escapes in names undone."""
        self.ours = any(key.name == SCHEMA and key.domain == "graph" for key in self.keys.values())
        if self.ours:
            self.keys = {
                key_id: _Key(unescape_forbidden(key.name), key.type, key.domain) for key_id, key in self.keys.items()
            }

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self.path.pop()
        if tag == "data" and self.key is not None:
            self.parser.CharacterDataHandler = None
            self.cells[self.key.name] = self._value(self.key, "".join(self.text))
            self.key = None
        elif tag == "default" and self.key is not None:
            self.parser.CharacterDataHandler = None
            for domain, defaults in self.defaults.items():
                if self.key.domain in (domain, "all"):
                    defaults[self.key.name] = self._value(self.key, "".join(self.text))
        elif tag in ("node", "edge"):
            self.cells = self.values  # a <data> of the graph may follow its nodes

    def _value(self, key: _Key, text: str) -> Any:
        if self.ours:
            return unescape_forbidden(text)  # the schema knows its type better than the key does
        try:
            if key.type == "boolean":
                return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
            if key.type == "string":
                return text
            return int(text) if key.type in ("int", "long") else float(text)
        except (ValueError, KeyError):
            raise self._fail(f"attribute {key.name!r}: expected {key.type}, got {shortened(text)!r}") from None
