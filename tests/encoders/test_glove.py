"""GloVe: both file formats give the same means; missing files, words and malformed lines are named."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.encoders import GloVe
from avgraph.encoders.glove import find_glove, read_glove
from avgraph.errors import DataError
from avgraph.transforms import KNN
from tests.logged import Logged

VECTORS = {"dog": [1.0, 0.0], "bark": [0.0, 1.0], "rain": [2.0, 2.0], "the": [0.5, -0.25]}


def write_text(path: Path, header: str = "") -> Path:
    lines = [" ".join([word, *map(str, vector)]) for word, vector in VECTORS.items()]
    path.write_text(header + "\n".join(lines) + "\n")
    return path


def write_npz(path: Path) -> Path:
    np.savez(path, word=np.array(list(VECTORS)), x=np.array(list(VECTORS.values()), dtype=np.float32))
    return path


def graph(*names: str) -> HeteroData:
    return HeteroData(label={"name": list(names)})


@pytest.mark.parametrize("kind", ["text", "word2vec header", "npz"])
def test_mean_of_the_words(tmp_path: Path, kind: str) -> None:
    if kind == "npz":
        path = write_npz(tmp_path / "glove.npz")
    else:
        path = write_text(tmp_path / "glove.txt", "4 2\n" if kind == "word2vec header" else "")
    data = graph("Dog_bark", "rain", "dog dog bark")
    x = GloVe(path=path).encode(data, "label")["label"].x
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, torch.tensor([[0.5, 0.5], [2.0, 2.0], [2 / 3, 1 / 3]]))
    assert list(data["label"].keys()) == ["name"]


def test_only_needed_words_are_kept_and_the_first_of_two_counts(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 0 0\ndog 1 0\ndog 9 9\n")
    vectors = read_glove(path, ["dog", "unicorn"])
    assert list(vectors) == ["dog"]
    np.testing.assert_array_equal(vectors["dog"], [1, 0])


def test_lines_of_the_published_files(tmp_path: Path) -> None:
    path = tmp_path / "glove.840B.txt"
    # Entries of several words, a next-line character, broken bytes and Windows line ends occur in the wild.
    path.write_bytes(b", 1 1\ndog name@domain.com 5 5\n\xc2\x85 3 3\n\xff\xfe 4 4\r\ndog 1 0\r\n")
    np.testing.assert_array_equal(read_glove(path, ["dog", "cat"])["dog"], [1, 0])


def test_unknown_words_are_left_out_and_logged(tmp_path: Path, logged: Logged) -> None:
    path = write_text(tmp_path / "glove.txt")
    x = GloVe(path=path).encode(graph("dog zyzzyva", "rain"), "label")["label"].x
    assert x[0].tolist() == [1.0, 0.0]
    assert "1 words of label.name not found: zyzzyva" in logged.text


def test_a_name_without_known_words_is_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "glove.txt")
    with pytest.raises(DataError, match=r"label\.name: row 1: .*glove\.txt knows no word of 'zyzzyva'; .*'hashing'"):
        GloVe(path=path).encode(graph("dog", "zyzzyva"), "label")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the 0 0\ndog 1\n", r"line 2: expected a word and 2 numbers, got 'dog 1'"),
        ("the 0 0\ndog 1 x\n", r"line 2: expected a word and 2 numbers, got 'dog 1 x'"),
        ("<html>\n", r"line 1: expected 'word v1 v2 …', got '<html>'"),
        ("<html lang=en>\n", r"line 1: expected a word and 1 numbers, got '<html lang=en>'"),
        ("", "this file is empty"),
        ("dog nan 1\n", "the vector of 'dog' is not finite"),
    ],
)
def test_malformed_text(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "glove.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        GloVe(path=path).encode(graph("dog"), "label")


def test_malformed_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", word=np.array(["dog"]), x=np.ones((2, 2)))
    with pytest.raises(DataError, match=r"expected word \[v\] of text and x \[v, d\] .* \[1\] and float64 \[2, 2\]"):
        GloVe(path=tmp_path / "a.npz").encode(graph("dog"), "label")
    np.savez(tmp_path / "b.npz", words=np.array(["dog"]))
    with pytest.raises(DataError, match=r"b\.npz: no key 'word'; did you mean 'words'\?"):
        GloVe(path=tmp_path / "b.npz").encode(graph("dog"), "label")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt: no such GloVe file; without one, use the encoder 'hashing'"):
        GloVe(path=tmp_path / "gone.txt").encode(graph("dog"), "label")


def test_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache" / name)
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    with pytest.raises(DataError, match=r"AVGRAPH_DATA is not set\) and .*cache/avgraph/glove.*'hashing'"):
        find_glove()
    folder = tmp_path / "cache" / "avgraph" / "glove"
    folder.mkdir(parents=True)
    cached = write_text(folder / "glove.6B.50d.txt")
    assert find_glove() == cached
    assert GloVe().encode(graph("rain"), "label")["label"].x.tolist() == [[2.0, 2.0]]
    write_npz(folder / "other.npz")
    with pytest.raises(DataError, match="expected one GloVe file, found 2; choose one with glove: path"):
        find_glove()
    (tmp_path / "text").mkdir()
    shipped = write_npz(tmp_path / "text" / "glove_6b_50d_vocab.npz")
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path))
    assert find_glove() == shipped


def test_repr() -> None:
    assert repr(GloVe()) == "GloVe(path=None)"


@pytest.mark.data
def test_real_class_names_of_esc50(data_root: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(data_root))
    with (data_root / "esc50" / "esc50.csv").open() as file:
        names = {int(row["target"]): row["category"] for row in csv.DictReader(file)}
    data = GloVe().encode(graph(*(names[target] for target in range(50))), "label")
    assert data["label"].x.shape == (50, 50)
    assert not logged.records  # every word of every class is known
    source, target = KNN("label", k=2)(data)["label", "near", "label"].edge_index.tolist()
    near = {(names[i], names[j]) for i, j in zip(source, target, strict=True)}
    assert ("cat", "dog") in near
    assert ("sea_waves", "water_drops") in near or ("wind", "sea_waves") in near
