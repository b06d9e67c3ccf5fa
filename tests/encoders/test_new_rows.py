"""Rows that come after the training are encoded by what was learned: as in the run, one at a time as all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph import encoders
from avgraph.encoders import EncodeContext, Views
from avgraph.errors import DataError
from tests.wiring.encoders import aligned, coloured, pictures, vectors

CNN = encoders.LogmelCNN(channels=8, width=4, epochs=1, inner_epochs=1)


def heard() -> HeteroData:
    """Log-mels with texts."""
    data = pictures()
    data["text"].x_toy, data["audio"].text = torch.eye(2, 5), data["audio"].y
    return data


CASES: Sequence[tuple[list[Any], Callable[[], HeteroData], str]] = (
    ([encoders.LogisticRegression(strengths=[0.1, 1.0])], vectors, "audio"),
    ([encoders.Perceptron(hidden_channels=8, epochs=2, batch_size=8)], vectors, "audio"),
    ([encoders.NeighbourVotes(k=3)], vectors, "audio"),
    ([encoders.Perceptron(hidden_channels=8, epochs=2, batch_size=8), encoders.NeighbourVotes(k=3)], vectors, "audio"),
    ([encoders.LogmelModulation()], pictures, "audio"),
    ([CNN, encoders.LogmelModulation()], pictures, "audio"),
    ([encoders.LogmelPatches(centres=4)], pictures, "audio"),
    ([encoders.PictureCNN(width=4, epochs=1, batch_size=4)], coloured, "image"),
    ([encoders.TextAligned(space="toy", hidden_channels=8, epochs=2, batch_size=4)], aligned, "audio"),
    ([encoders.TextAligned(space="toy", features="logmel_modulation", batch_size=4, epochs=2)], heard, "audio"),
    ([encoders.Precomputed()], vectors, "audio"),
)


@pytest.mark.parametrize(("views", "source", "node"), CASES, ids=["+".join(e.type for e in case[0]) for case in CASES])
def test_new_rows_are_encoded_as_those_of_the_run(
    views: list[Any], source: Callable[[], HeteroData], node: str, tmp_path: Path
) -> None:
    data, learned = source(), dict[str, Any]()
    encoded = Views(views).encode(data, node, context=EncodeContext(cache=tmp_path, learned=learned))[node]
    again = dict[str, Any]()
    Views(views).encode(data, node, context=EncodeContext(cache=tmp_path, learned=again))
    assert learned.keys() == again.keys()  # of what comes out of the cache too
    rows = (~encoded.train_mask).nonzero()[:, 0]
    raw = data[node].x[rows]
    whole = Views(views).encode_new(HeteroData({node: {"x": raw}}), node, again)[node]
    for name in ("x", "score", "view_score", "x_toy"):
        assert (name in whole) == (name in encoded)
        if name in whole:
            torch.testing.assert_close(whole[name], encoded[name][rows], atol=1e-5, rtol=1e-4)
            one = [
                Views(views).encode_new(HeteroData({node: {"x": row[None]}}), node, again)[node][name] for row in raw
            ]
            torch.testing.assert_close(torch.cat(one), whole[name], atol=1e-5, rtol=1e-4)


def test_scores_of_a_file_are_of_no_new_row() -> None:
    new = HeteroData(audio={"x": torch.eye(2)})
    with pytest.raises(DataError, match="new 'audio' rows have no 'score'; those of the run are in a file"):
        encoders.Precomputed(score="scores.npy").encode_new(new, "audio", {}, context=EncodeContext())
