"""The check of a segmentation graph passes what keeps the contract and names what does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.errors import GraphError
from avgraph.segmentation import CONDITIONS, HEARD, SILENCE, SWAPPED
from tests.segmentation.graphs import small_graph


def test_a_graph_that_keeps_the_contract_passes() -> None:
    data = small_graph()
    check_segmentation_graph(data)
    for kind in CONDITIONS:
        if kind in data.edge_types:
            del data[kind]
    data["frame"].objects = data["frame"].mask.clone()
    data["audio"].x = torch.rand(3, 8, 5)
    check_segmentation_graph(data)


def _set(node: object, name: str, value: object) -> Callable[[HeteroData], None]:
    return lambda data: data[node].__setattr__(name, value)


def _without(node: object, name: str) -> Callable[[HeteroData], None]:
    return lambda data: data[node].__delattr__(name)


def _two_splits(data: HeteroData) -> None:
    data["clip"].val_mask[0] = data["frame"].val_mask[:2] = True


MASK = torch.zeros(6, 4, 4, dtype=torch.uint8)
BROKEN: list[tuple[Callable[[HeteroData], None], str]] = [
    (lambda data: data.__delitem__("audio"), "no node type 'audio'"),
    (_without("frame", "mask"), "node type 'frame' has no 'mask'"),
    (
        _set("frame", "x", torch.zeros(6, 3, 4, 4)),
        r"frame.x: expected torch.uint8 \[any, 3, any, any\]",
    ),
    (_set("frame", "x", torch.zeros(6, 4, 4, dtype=torch.uint8)), r"frame.x: .* got torch.uint8 \[6, 4, 4\]"),
    (_set("frame", "clip", torch.tensor([0, 0, 2, 2, 1, 1])), "frame.clip: expected the frames of a clip together"),
    (_set("frame", "clip", torch.tensor([0, 0, 1, 1, 2, 3])), "frame.clip: expected clips 0 to 2, got 0 to 3"),
    (_set("frame", "mask", MASK[:5]), r"frame.mask: .*\[6, 4, 4\], got torch.uint8 \[5, 4, 4\]"),
    (_set("frame", "mask", MASK + 255), "frame.mask: expected 0 and 1, got 255"),
    (_set("frame", "objects", MASK[:, :2]), "frame.objects: expected"),
    (_set("frame", "labelled", torch.ones(6)), "frame.labelled: expected torch.bool"),
    (_set("frame", "labelled", torch.arange(6) < 5), "frame.labelled: .* got none for frame 5"),
    (_set("frame", "test_mask", torch.arange(6) == 5), "frame.test_mask: expected that of the frame's clip"),
    (_two_splits, "clip: expected every clip in one split"),
    (_set("clip", "name", ["a"]), "clip.name: expected 3 names, got 1"),
    (_set("audio", "x", torch.full((3, 8, 5), torch.nan)), "audio.x: expected finite numbers"),
    (_set("audio", "x", torch.zeros(3, 8)), r"audio.x: .* got torch.float32 \[3, 8\]"),
    (lambda data: data.__delitem__(HEARD), "no edges .*heard_in"),
    (_set(HEARD, "edge_index", torch.tensor([[0, 1], [2, 2]])), "heard_in.edge_index: .* several for frame 2"),
    (_set(HEARD, "edge_index", torch.tensor([[3], [0]])), "heard_in.edge_index: expected 'audio' nodes 0 to 2, got 3"),
    (_set(HEARD, "edge_index", torch.tensor([[0], [6]])), "heard_in.edge_index: expected 'frame' nodes 0 to 5"),
    (_set(SILENCE, "edge_index", torch.tensor([[2], [1]])), "silence_in.edge_index: .* got a training frame"),
    (_without(SWAPPED, "mask"), "swapped_in.mask: missing"),
    (_set(SWAPPED, "mask", MASK), r"swapped_in.mask: expected torch.uint8 \[2, 4, 4\]"),
]


@pytest.mark.parametrize(("spoil", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_what_breaks_it_is_named(spoil: Callable[[HeteroData], None], message: str) -> None:
    data = small_graph()
    spoil(data)
    with pytest.raises(GraphError, match=message):
        check_segmentation_graph(data)
