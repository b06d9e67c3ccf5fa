"""Several encoders of one node type."""

import copy

import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, Views
from avgraph.errors import DataError


class Fixed:
    """Gives what it was made with, and refuses input that another view has changed."""

    def __init__(self, x: Tensor, score: Tensor | None = None) -> None:
        self.x, self.score = x, score

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext) -> HeteroData:
        assert data[node].x.shape == (4, 2, 2)
        data = copy.copy(data)
        data[node].x = self.x
        if self.score is not None:
            data[node].score = self.score
        return data


def raw() -> HeteroData:
    return HeteroData(audio={"x": torch.zeros(4, 2, 2), "y": torch.tensor([0, 1, 0, 1])})


def test_features_weigh_the_same_and_all_scores_are_kept() -> None:
    torch.manual_seed(0)
    first, second = torch.rand(4, 3).softmax(1), torch.rand(4, 3).softmax(1)
    views = [Fixed(torch.randn(4, 6), first), Fixed(100 * torch.randn(4, 2)), Fixed(torch.randn(4, 4), second)]
    before = raw()
    store = Views(views).encode(before, "audio")["audio"]
    assert store.x.shape == (4, 12)
    lengths = [part.square().sum(1).mean() for part in store.x.split([6, 2, 4], 1)]
    torch.testing.assert_close(torch.stack(lengths), torch.full((3,), 4.0))
    assert torch.equal(store.score, first)
    assert torch.equal(store.view_score, torch.stack([first, second], 1))
    assert before["audio"].x.shape == (4, 2, 2)
    assert torch.equal(store.y, before["audio"].y)


def test_one_view_is_the_encoder_itself() -> None:
    x = torch.randn(4, 5)
    store = Views([Fixed(x)]).encode(raw(), "audio")["audio"]
    assert torch.equal(store.x, x)
    assert "score" not in store
    assert "view_score" not in store


def test_errors() -> None:
    with pytest.raises(DataError, match="expected at least one encoder, got none"):
        Views([])
    views = Views([Fixed(torch.randn(4, 1), torch.rand(4, 3)), Fixed(torch.randn(4, 1), torch.rand(4, 2))])
    with pytest.raises(DataError, match="views of node type 'audio': their scores are of 3, 2 classes; expected the"):
        views.encode(raw(), "audio")
