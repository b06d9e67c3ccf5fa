"""YAML text → marked data. Every mistake of the text is one line with file and line number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from avgraph.config.marked import MAX_DEPTH, Marked
from avgraph.config.yaml_text import TAG, CoreLoader, scalar
from avgraph.io.reading import irregular
from avgraph.options.problems import Mistakes, Origin, Path, Problem, show

MAX_BYTES = 1 << 20  # a data file given by mistake is refused before it is read
MAX_VALUES = 10_000  # aliases of aliases can turn a kilobyte into a billion values


@dataclass(frozen=True)
class Source:
    """A text: its name, the folder of its relative paths, its place among all texts, and what kind it is."""

    name: str
    folder: str
    number: int = 0
    override: bool = False

    def origin(self, line: int, column: int = 0) -> Origin:
        """Origin of a value on a line (from 0) of this text."""
        where = self.name if self.override else f"{self.name}:{line + 1}"
        return Origin(where, self.folder, (self.number, line, column), self.override)

    def whole(self) -> Origin:
        """Origin of a mistake that has no line."""
        return Origin(self.name, self.folder, (self.number, -1, 0), self.override)


def read_text(path: str) -> str:
    """The text of a small UTF-8 file.

    Raises:
        OSError: if it cannot be read; its text says why, in words for a user.
    """
    try:
        told = irregular(path)  # reading from a pipe or a device might never end
        if told is not None:
            raise OSError(f"{told.removeprefix('it ')}, expected a YAML file")
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise OSError("no such file") from None
    except OSError as error:
        raise OSError(f"cannot be read: {error.strerror}" if error.strerror else str(error)) from None
    except ValueError as error:  # a NUL character in the name
        raise OSError(f"cannot be read: {error}") from None
    if len(data) > MAX_BYTES:
        raise OSError("larger than 1 MiB, expected a YAML file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{data[error.start]:02x} on line {line}"
        raise OSError(f"not UTF-8 text ({where}), expected a YAML file") from None


def parse(text: str, source: Source) -> tuple[Marked, list[Problem]]:
    """Marked data, and the mistakes that leave it usable: keys that are written twice (the first counts).

    Raises:
        ConfigError: if the text is not YAML, or holds what an experiment cannot.
    """
    builder = _Builder(source)
    tree = builder.build(_compose(text, source), ())
    if builder.unusable:
        raise Mistakes(builder.problems)
    return tree, builder.problems


def _compose(text: str, source: Source) -> Node:
    try:
        node: Node | None = yaml.compose(text, Loader=CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "not readable"
        if "'\\t'" in reason:
            reason += "; indent with spaces, not tabs"
        origin = source.origin(mark.line, mark.column) if mark else source.whole()
        raise Mistakes([Problem(origin, (), f"not valid YAML: {reason}")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        reason = f"character {chr(int(error.character))!a} is not allowed"
        raise Mistakes([Problem(source.origin(line), (), f"not valid YAML: {reason}")]) from None
    except (ValueError, OverflowError) as error:  # an escape such as "\UFFFFFFFF" that is no character
        raise Mistakes([Problem(source.whole(), (), f"not valid YAML: {error}")]) from None
    if node is None:
        return ScalarNode(f"{TAG}null", "", yaml.Mark("", 0, 0, 0, None, 0))
    return node


@dataclass
class _Builder:
    source: Source
    problems: list[Problem] = field(default_factory=list)
    unusable: bool = False
    made: int = 0
    open_nodes: list[Node] = field(default_factory=list)

    def fail(self, node: Node, path: Path, message: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(self.source.origin(mark.line, mark.column), path, message))
        self.unusable = True

    def build(self, node: Node, path: Path, key: Node | None = None) -> Marked:
        """The value of ``node``; the line of a value in a mapping is that of its ``key``."""
        mark = (key or node).start_mark
        content: Any = None
        self.made += 1
        if self.made > MAX_VALUES:
            self.fail(node, path, f"more than {MAX_VALUES} values, counting every use of an alias")
            raise Mistakes(self.problems)  # going on could take forever
        if any(node is other for other in self.open_nodes):
            self.fail(key or node, path, "an alias refers to a value that it is itself part of")
        elif len(self.open_nodes) >= MAX_DEPTH:  # aliases nest deeper than the text does
            self.fail(key or node, path, f"nested deeper than {MAX_DEPTH} levels")
        elif isinstance(node, ScalarNode):
            try:
                content = scalar(node.tag, node.value)
            except ValueError as error:
                self.fail(node, path, str(error))
        elif node.tag not in (f"{TAG}map", f"{TAG}seq"):
            self.fail(node, path, f"the tag '{node.tag.replace(TAG, '!!')}' is not allowed")
        else:
            self.open_nodes.append(node)
            if isinstance(node, MappingNode):
                content = self.mapping(node, path)
            elif isinstance(node, SequenceNode):
                content = [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
            self.open_nodes.pop()
        return Marked(content, self.source.origin(mark.line, mark.column))

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Marked]:
        own: dict[str, Marked] = {}
        merged: dict[str, Marked] = {}
        merge_key: Node | None = None
        for key, value in node.value:
            if key.tag == f"{TAG}merge":
                if merge_key is not None:
                    self.twice(merge_key.start_mark.line, key, (*path, "<<"))
                else:
                    merge_key, merged = key, self.merge(key, value, path)
                continue
            name = self.name(key, path)
            if name is None:
                continue
            here = (*path, name)
            if name in own:
                self.twice(own[name].origin.position[1], key, here)
            else:
                own[name] = self.build(value, here, key)
        return {name: item for name, item in merged.items() if name not in own} | own

    def name(self, key: Node, path: Path) -> str | None:
        if not isinstance(key, ScalarNode):
            self.fail(key, path, "expected text as a key, got a list or a mapping")
            return None
        try:
            name = scalar(key.tag, key.value)
        except ValueError as error:
            self.fail(key, path, str(error))
            return None
        if isinstance(name, str):
            return name
        self.fail(key, path, f"expected text as a key, got {show(name)}; put it in quotes")
        return None

    def merge(self, key: Node, value: Node, path: Path) -> dict[str, Marked]:
        merged: dict[str, Marked] = {}
        for part in value.value if isinstance(value, SequenceNode) else [value]:
            if isinstance(part, MappingNode):
                for name, item in (self.build(part, path, key).content or {}).items():
                    merged.setdefault(name, item)
            else:
                self.fail(key, (*path, "<<"), "expected a mapping, or a list of mappings, to merge")
        return merged

    def twice(self, first: int, again: Node, path: Path) -> None:
        mark = again.start_mark
        message = f"written twice, on lines {first + 1} and {mark.line + 1}"
        if self.source.override:
            message = "written twice"
        self.problems.append(Problem(self.source.origin(mark.line, mark.column), path, message))
