"""The files and folders that an experiment names, and whether they are there: no more than a look at their headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Literal

from avgraph.errors import DataError
from avgraph.io.graph_path import READABLE
from avgraph.io.headers import check_array_file, check_file, check_key, check_table, npz_keys
from avgraph.io.references import WEIGHTS, split_head, split_reference
from avgraph.options.problems import Path

Kind = Literal["folder", "array", "numbers", "vectors", "archive", "weights", "head", "table", "columns", "graph"]


@dataclass(frozen=True)
class Input:
    """A file or folder.

    Attributes:
        option: where its path is written.
        path: the path, with the key in the file where it has one.
        kind: ``numbers`` are an array that is no text, ``vectors`` GloVe's text or ``.npz``, ``archive`` an ``.npz``,
            ``weights`` a file of torch's, ``head`` one of several in such a file, ``table`` text, ``columns``
            a file whose columns have names, ``graph`` a file of a graph.
        root: folder that a relative path starts from.
    """

    option: Path
    path: str
    kind: Kind
    root: str | None = None

    def problem(self) -> str | None:
        """What is wrong with it, if anything."""
        try:
            _CHECKS[self.kind](self)
        except DataError as error:
            return str(error)
        except OSError as error:  # a folder that may not be looked into
            return f"{self.path}: cannot be read: {error.strerror}"
        return None


def named(option: Path, value: str | None, kind: Kind, root: str | None = None) -> Iterator[Input]:
    """One input, or none where the option is not set."""
    if value is not None:
        yield Input(option, value, kind, root)


def within(option: Path, inputs: Iterable[Input]) -> Iterator[Input]:
    """The inputs of a part, whose options are below ``option``."""
    for one in inputs:
        yield replace(one, option=(*option, *one.option))


def problems_of(inputs: Iterable[Input]) -> list[tuple[Path, str]]:
    """(option, message) of every input that cannot be read; where a folder is missing, not the files in it."""
    found: list[tuple[Path, str]] = []
    missing: set[str] = set()
    for one in inputs:
        if one.root in missing:
            continue
        if (message := one.problem()) is not None:
            found.append((one.option, message))
            if one.kind == "folder":
                missing.add(one.path)
    return found


def _folder(one: Input) -> None:
    path = FilePath(one.path)
    if not path.is_dir():
        raise DataError(f"{path}: {'is a file, expected a folder' if path.exists() else 'no such folder'}")


def _array(one: Input) -> None:
    check_array_file(one.path, one.root)


def _numbers(one: Input) -> None:
    if split_reference(one.path)[1] == "txt":
        raise DataError(f"{one.path}: a .txt file is read as text; expected numbers, such as FILE.npy")
    check_array_file(one.path, one.root)


def _archive(one: Input) -> None:
    path = FilePath(one.path)
    check_file(path)
    try:
        npz_keys(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a .npz file: {error}") from None


def _vectors(one: Input) -> None:
    path = FilePath(one.path)
    check_file(path)
    if path.suffix == ".npz":
        _archive(one)
        for key in ("word", "x"):
            check_key(path, key, npz_keys(path))


def _head(one: Input) -> None:
    _torch_file(split_head(one.path)[0])


def _weights(one: Input) -> None:
    path = FilePath(one.path)
    if path.suffix.lower() not in WEIGHTS:
        raise DataError(f"{path}: expected a file of weights, {', '.join(WEIGHTS)}; none has a key behind it")
    _torch_file(path)


def _torch_file(path: FilePath) -> None:
    check_file(path)
    with path.open("rb") as file:
        if file.read(2) not in (b"PK", b"\x80\x02"):  # torch's archive, and what it wrote before 1.6
            raise DataError(f"{path}: not a file of weights: it does not begin as one")


def _table(one: Input) -> None:
    check_file(FilePath(one.root or "", one.path))


def _columns(one: Input) -> None:
    check_table(one.path, one.root)


def _graph(one: Input) -> None:
    if FilePath(one.path).suffix.lower() not in READABLE:
        raise DataError(f"{one.path}: expected a graph, {', '.join(READABLE)}")
    check_file(FilePath(one.path))


_CHECKS: Mapping[Kind, Callable[[Input], None]] = {
    "folder": _folder,
    "array": _array,
    "numbers": _numbers,
    "vectors": _vectors,
    "archive": _archive,
    "weights": _weights,
    "head": _head,
    "table": _table,
    "columns": _columns,
    "graph": _graph,
}
