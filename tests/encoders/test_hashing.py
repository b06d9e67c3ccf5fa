"""Hashed names: the same on every machine, close for similar words, and the shared words of all encoders."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from avgraph.encoders import Hashing
from avgraph.encoders.hashing import hash_text
from avgraph.encoders.text import words
from avgraph.errors import ConfigError, DataError, GraphError
from tests.forking import ForkServer


def encode(*names: str, channels: int = 300) -> torch.Tensor:
    x = Hashing(channels=channels).encode(HeteroData(label={"name": list(names)}), "label")["label"].x
    assert isinstance(x, torch.Tensor)
    return x


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Door_wood_knock", ["door", "wood", "knock"]),
        ("can-opening, 2×", ["can", "opening", "2"]),
        ("ÉCLAIR Straße", ["éclair", "straße"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("don't", ["don", "t"]),
        ("犬 🐕", ["犬"]),
        (" _-_ ", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_do_not_depend_on_the_composition_of_accents(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


def test_rows_are_unit_and_of_the_width_asked() -> None:
    x = encode("dog", "door_wood_knock", "犬", channels=17)
    assert x.shape == (3, 17)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x.norm(dim=1), torch.ones(3))


def test_similar_names_are_close() -> None:
    dog, dogs, dog_bark, rain = encode("dog", "dogs", "dog_bark", "rain")
    assert dog @ dogs > 0.15
    assert dog @ dog_bark > 0.5
    assert abs(dog @ rain) < 0.1


def test_case_and_separators_do_not_matter() -> None:
    a, b = encode("Dog_Bark", "dog bark")
    assert torch.equal(a, b)


def test_one_word_by_hand() -> None:
    # "<a>" is the only n-gram of a one-letter word, so two features of weight one.
    expected = [0.0] * 11
    for feature in (b"word a", b"part <a>"):
        value = int.from_bytes(blake2b(feature, digest_size=8).digest(), "little")
        expected[value % 11] += 1.0 if value >= 2**63 else -1.0
    assert hash_text("a", 11).tolist() == expected


@settings(deadline=None)
@given(st.text(alphabet="abc _", min_size=1).filter(lambda text: text.strip(" _")), st.integers(1, 40))
def test_the_order_of_words_does_not_matter(text: str, channels: int) -> None:
    backwards = " ".join(reversed(words(text)))
    assert hash_text(text, channels) == pytest.approx(hash_text(backwards, channels))


def test_every_process_hashes_alike(fork_server: ForkServer) -> None:
    code = "from avgraph.encoders.hashing import hash_text; print(hash('a'), hash_text('door wood knock', 23).tolist())"
    child = fork_server.start(python=code)
    assert child.wait() == 0, child.error
    seeded, _, found = child.output.strip().partition(" ")
    assert int(seeded) != hash("a"), "Python's own hashes are those of another seed"
    assert found == str(hash_text("door wood knock", 23).tolist())


def test_input_is_not_modified() -> None:
    data = HeteroData(label={"name": ["dog"]})
    assert Hashing().encode(data, "label") is not data
    assert list(data["label"].keys()) == ["name"]


def test_refused() -> None:
    with pytest.raises(DataError, match=r"label\.name: row 1: expected a text with at least one word, got '__'"):
        encode("dog", "__")
    with pytest.raises(ConfigError, match=r"^Hashing: channels: expected a number of at least 1, got 0$"):
        Hashing(channels=0)
    with pytest.raises(GraphError, match=r"no node type 'lable'; did you mean 'label'\?"):
        Hashing().encode(HeteroData(label={"name": ["dog"]}), "lable")
    with pytest.raises(GraphError, match="'label' has no 'name', which a text encoder reads; it has: x"):
        Hashing().encode(HeteroData(label={"x": torch.ones(1, 1)}), "label")
    with pytest.raises(GraphError, match="empty list 'name'"):
        encode()


def test_cancelled_features_are_refused() -> None:
    # In one channel every feature is +1 or -1 of the same entry: some one-letter word cancels.
    cancelled = next(letter for letter in "abcdefghij" if not hash_text(letter, 1).any())
    with pytest.raises(DataError, match=rf"row 1: the hashed features of '{cancelled}' cancel to zero in 1 channels"):
        encode("dog", cancelled, channels=1)


def test_repr() -> None:
    assert repr(Hashing()) == "Hashing(channels=300)"
