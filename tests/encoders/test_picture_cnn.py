"""A ResNet18 on small pictures: its size, what it learns, that training pictures are scored out of fold."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders import PictureCNN
from avgraph.encoders.picture_cnn import _moved
from avgraph.encoders.residual_cnn import ResidualCNN
from avgraph.errors import DataError

SMALL = PictureCNN(width=4, epochs=3, batch_size=8, lr=0.05)


def pictures(rows: int = 60, strength: int = 80) -> HeteroData:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(rows) % 2
    x = torch.randint(0, 120, (rows, 3, 12, 12), generator=draw)
    x[y == 1, 0] += strength
    return HeteroData(image={"x": x.to(torch.uint8), "y": y, "train_mask": torch.arange(rows) < 40})


def test_it_has_the_weights_of_resnet18() -> None:
    # torchvision's has 11,689,512 with 1000 classes and a first convolution of 7 × 7: 11,689,512 - 513,000 - 9,408
    network = ResidualCNN(10)
    others = {"classifier.weight", "classifier.bias", "stem.0.weight"}
    counted = sum(value.numel() for name, value in network.named_parameters() if name not in others)
    assert counted == 11_689_512 - 513_000 - 9_408


def test_scores_tell_colours_apart_and_embeddings_have_their_width() -> None:
    data = pictures()
    image = SMALL.encode(data, "image")["image"]
    assert image.x.shape == (60, 32)
    torch.testing.assert_close(image.score.sum(1), torch.ones(60))
    assert float((image.score.argmax(1) == image.y).float().mean()) > 0.9
    assert data["image"].x.dtype == torch.uint8


def test_no_training_picture_is_scored_by_a_network_that_has_seen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []

    def fitted(options: PictureCNN, x: Tensor, y: Tensor, own: Tensor, *rest: object) -> torch.nn.Module:
        seen.append(set(own.tolist()))
        network = torch.nn.Module()
        network.register_buffer("number", torch.tensor(len(seen) - 1))
        return network

    def encoded(network: torch.nn.Module, x: Tensor, *rest: object) -> tuple[Tensor, Tensor]:
        return torch.randn(len(x), 3), torch.full((len(x), 2), float(network.get_buffer("number")))

    monkeypatch.setattr("avgraph.encoders.picture_cnn._fitted", fitted)
    monkeypatch.setattr("avgraph.encoders.picture_cnn._encoded", encoded)
    by = SMALL.encode(pictures(), "image")["image"].score[:, 0].int().tolist()
    assert seen[0] == set(range(40))
    assert all(row not in seen[by[row]] and len(seen[by[row]]) == 32 for row in range(40))
    assert by[40:] == [0] * 20


def test_moved_pictures_are_shifted_and_mirrored_parts_of_themselves() -> None:
    torch.manual_seed(0)
    x = torch.arange(1.0, 37.0).reshape(1, 1, 6, 6).expand(40, 3, 6, 6)
    moved, seen = _moved(x), set()
    padded = torch.nn.functional.pad(x[0, 0], (4,) * 4)
    shifts = [(d, r, flip) for d in range(9) for r in range(9) for flip in (False, True)]
    for picture in moved:
        assert torch.equal(picture[0], picture[2])
        parts = {(d, r, flip): padded[d : d + 6, r : r + 6] for d, r, flip in shifts}
        fits = [key for key, part in parts.items() if torch.equal(picture[0], part.flip(1) if key[2] else part)]
        assert fits
        seen.add(fits[0])
    assert len(seen) > 10
    assert {flip for *_, flip in seen} == {False, True}


def test_what_it_cannot_use_is_named() -> None:
    data = pictures()
    with pytest.raises(DataError, match=r"picture_cnn: image\.x: expected pictures uint8 \[n, 3, h, w\], got torch.fl"):
        SMALL.encode(HeteroData(image={**data["image"], "x": torch.zeros(60, 4)}), "image")
    none = torch.zeros(60, dtype=torch.bool)
    with pytest.raises(DataError, match="picture_cnn: node type 'image' has no training row"):
        SMALL.encode(HeteroData(image={**data["image"], "train_mask": none}), "image")
    with pytest.raises(DataError, match="picture_cnn: the training rows hold 1 class"):
        SMALL.encode(HeteroData(image={**data["image"], "y": torch.ones(60, dtype=torch.int64)}), "image")
