"""`from_frames`: data frames of pandas as a graph that trains; mistakes name frame, column and row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from avgraph.datasets import from_frames
from avgraph.errors import DataError

NEAR = ("audio", "near", "audio")


def sounds(**columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"name": ["a", "b", "c"], "y": ["dog", "cat", "dog"], "split": ["train", "train", "test"]})
    for number in range(3):
        frame[f"f{number}"] = np.arange(3.0) + number
    return frame.assign(length=[3, 4, 5], place=["in", "out", "in"], **columns)


def test_columns_become_what_they_are() -> None:
    labels = pd.DataFrame({"name": ["cat", "dog"]})
    near = pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "weight": [1, 0.5], "how": ["x", "y"]})
    data = from_frames({"audio": sounds(), "label": labels}, {NEAR: near}, features={"audio": ["f2", "f*"]})
    assert data["audio"].x.tolist()[1] == [3, 1, 2]
    assert data["audio"].y.tolist() == [1, 0, 1]
    assert data["audio"].test_mask.tolist() == [False, False, True]
    assert data["audio"].length.tolist() == [3, 4, 5]
    assert data["audio"].place == ["in", "out", "in"]
    assert data[NEAR].edge_index.tolist() == [[0, 1], [1, 2]]
    assert data[NEAR].edge_weight.tolist() == [1, 0.5]
    assert data[NEAR].how == ["x", "y"]
    assert data.provenance["classes"] == {"audio": ["cat", "dog"]}
    plain = from_frames(
        {"a": pd.DataFrame({"z": [1, 2]})}, {("a", "to", "a"): pd.DataFrame({"source": [0], "target": [1]})}
    )
    assert plain["a", "to", "a"].edge_index.tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": {"adio": ["f0"]}}, "features: no node or edge type 'adio'; did you mean 'audio'"),
        ({"features": {"audio": ["g*"]}}, r"audio\.g\*: there is no such column; it has: f0"),
        ({"features": {"audio": ["place"]}}, r"audio\.place: expected numbers, got"),
        (
            {"nodes": {"audio": sounds(f0=[1, np.nan, 2])}, "features": {"audio": ["f*"]}},
            r"audio\.x: NaN or infinite values in row 1",
        ),
        ({"nodes": {"audio": sounds(who=["x", None, "y"])}}, r"audio\.who: row 1 is missing"),
        ({"nodes": {"audio": sounds().assign(split=["train", "dev", "test"])}}, "row 1: expected train, val, test"),
        ({"nodes": {"audio": sounds()[:0]}}, "audio: holds no rows"),
        (
            {"edges": {NEAR: pd.DataFrame({"source": ["a"], "target": ["bb"]})}},
            r"near, audio\)\.target: row 0: no audio 'bb'; did you mean 'b'",
        ),
        ({"edges": {NEAR: pd.DataFrame({"source": ["a"]})}}, r"near, audio\)\.target: there is no such column"),
        ({"edges": {("audio", "of", "song"): pd.DataFrame({"source": ["a"], "target": ["b"]})}}, "no node type 'song'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"nodes": {"audio": sounds()}, **change}
    with pytest.raises(DataError, match=message):
        from_frames(given.pop("nodes"), given.pop("edges", None), **given)
