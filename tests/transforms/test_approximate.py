"""Neighbours by faiss: the exact ones on data that lie in heaps, the share found on others, the same every time."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.transforms import KNN, nearest_neighbours, nearest_rows

pytest.importorskip("faiss")

NEAR = ("audio", "near", "audio")


def heaps(count: int = 600, width: int = 16) -> Tensor:
    """Twenty heaps far from each other."""
    draw = torch.Generator().manual_seed(0)
    centres = 10 * torch.randn(20, width, generator=draw)
    return centres[torch.arange(count) % 20] + torch.randn(count, width, generator=draw)


def test_heaps_and_all_lists_give_the_exact_neighbours() -> None:
    x, query = heaps(), heaps(70) + 0.1
    for found, exact in (
        (nearest_neighbours(x, 8, approximate=6), nearest_neighbours(x, 8)),
        (nearest_rows(query, x, 8, approximate=6), nearest_rows(query, x, 8)),
    ):
        assert torch.equal(found[0], exact[0])
        assert torch.equal(found[1], exact[1])
    group = (torch.arange(600) % 3).tolist()
    found, exact = (nearest_neighbours(x, 4, group=group, approximate=each) for each in (1000, None))
    assert torch.equal(found[0], exact[0])
    assert torch.equal(found[1], exact[1])


def test_what_one_list_leaves_out_is_told_and_similarities_are_exact(capsys: pytest.CaptureFixture[str]) -> None:
    x = torch.randn(2000, 16, generator=torch.Generator().manual_seed(1))
    data = KNN("audio", 10, approximate=1)(HeteroData(audio={"x": x}))
    index, weight = data[NEAR].edge_index, data[NEAR].edge_weight
    assert index[1].tolist() == torch.arange(2000).repeat_interleave(10).tolist()
    unit = torch.nn.functional.normalize(x.double())
    torch.testing.assert_close(weight, (unit[index[0]] * unit[index[1]]).sum(1).float())
    assert bool((weight.reshape(-1, 10).diff(dim=1) <= 0).all())
    _, exact = nearest_neighbours(x, 10)
    share = float((weight.reshape(-1, 10) >= exact[:, -1:]).float().mean())
    told = float(data.provenance["note"].split("approximate: ")[1].split("%")[0]) / 100
    assert 0.05 < share < 0.9
    assert abs(told - share) < 0.06  # that of 256 centres
    more = KNN("audio", 10, approximate=30)(HeteroData(audio={"x": x}))
    assert float(more[NEAR].edge_weight.sum()) > float(weight.sum())


def test_it_repeats_itself_with_any_number_of_threads_and_mapped(tmp_path: Path) -> None:
    x = torch.randn(1500, 8, generator=torch.Generator().manual_seed(2))
    np.save(tmp_path / "x.npy", x.numpy())
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = nearest_neighbours(x, 5, approximate=2)
        torch.set_num_threads(2)
        other = nearest_neighbours(np.load(tmp_path / "x.npy", mmap_mode="r"), 5, approximate=2)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_lists_that_hold_too_few_rows_are_made_up_for() -> None:
    x = torch.eye(40) + 0.01
    index, similarity = nearest_neighbours(x, 30, approximate=1)
    exact = nearest_neighbours(x, 30)
    assert torch.equal(similarity, exact[1])
    assert bool((index.sort(1).values.diff(dim=1) > 0).all())


def test_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    x = heaps(50)
    with pytest.raises(GraphError, match="approximate: expected at least 1 list, got 0"):
        nearest_neighbours(x, 1, approximate=0)
    with pytest.raises(GraphError, match="chunk_size: expected none beside approximate"):
        nearest_neighbours(x, 1, approximate=1, chunk_size=5)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(GraphError, match=r"^x: approximate: needs faiss: pip install 'avgraph\[ann\]'") as told:
        KNN("x", 1, approximate=1)(HeteroData(x={"x": x}))
    assert "\n" not in str(told.value)
