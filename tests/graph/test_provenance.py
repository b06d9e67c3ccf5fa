"""Where data are from: plain on the graph, read back as it was, joined of parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.provenance import Provenance
from avgraph.io.cache import kept
from avgraph.io.files_read import checksums, files_read, note_read, unnoted
from avgraph.io.graph_file import load_graph, save_graph

WHOLE = Provenance(
    dataset="mine",
    source="real",
    settings={"fold": 1, "val_fold": None},
    note="",
    classes=["cat", "dog"],
    files={"x.npy": "ba78"},
    leakage=[{"source_file": "7", "test": ["a"], "other": ["b"]}],
)


def test_a_stored_graph_gives_it_back(tmp_path: Path) -> None:
    graph = HeteroData(audio={"num_nodes": 1})
    WHOLE.write_to(graph)
    save_graph(graph, tmp_path / "graph.pt")
    assert Provenance.of(load_graph(tmp_path / "graph.pt")) == WHOLE
    assert list(graph.provenance) == ["dataset", "source", "fold", "val_fold", "note", "classes", "files", "leakage"]


def test_what_nobody_said_stays_unsaid() -> None:
    graph = HeteroData()
    assert Provenance.of(graph) == Provenance()
    assert Provenance().as_dict() == {}
    graph.provenance = {"source": "real", "mine": 5}
    assert Provenance.of(graph).as_dict() == graph.provenance
    assert replace(WHOLE, files=None).with_files({}).files is None
    assert WHOLE.with_files({"/y.npy": "00"}).files == {"x.npy": "ba78", "/y.npy": "00"}


@pytest.mark.parametrize(
    ("given", "message"),
    [("real", "graph: provenance: expected a mapping, got str"),
     ({"files": ["x.npy"]}, "graph: provenance.files: expected a mapping, got list")],
)  # fmt: skip
def test_what_is_no_mapping_is_told(given: object, message: str) -> None:
    graph = HeteroData()
    graph.provenance = given
    with pytest.raises(GraphError, match=f"^{message}$"):
        Provenance.of(graph)


def test_parts_make_a_whole() -> None:
    made_up = Provenance("other", "synthetic", note="made up", files={"y.npy": "00"})
    joined = Provenance.joined([WHOLE, made_up, made_up])
    assert joined == Provenance(source="synthetic", note="made up", files={"x.npy": "ba78", "y.npy": "00"})
    assert Provenance.joined([WHOLE]).source == "real"


def test_files_are_noted_once_and_not_those_of_a_cache(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.write_text(path.name)
    with files_read() as read:
        note_read(one)
        note_read(other)
        note_read(one)
        named = checksums({"the other": other})
        kept(tmp_path / "kept", lambda path: note_read(path), lambda path: path.write_text("slow"))
        with unnoted():
            note_read(tmp_path / "unnoted")
    assert list(read.checksums()) == [str(one)]
    assert list(named) == ["the other"]
    note_read(other)
    assert list(read.paths) == [str(one), str(other)]
    one.unlink()
    assert read.checksums() == {}


def test_a_file_that_changes_while_it_is_read_has_its_last_checksum(tmp_path: Path) -> None:
    file = tmp_path / "a"
    with files_read() as read:
        file.write_text("one")
        note_read(file)
        before = read.checksums()
        file.write_text("two, longer")
        assert read.checksums() != before
