"""Classes made of pairs: equal numbers are pairs and nothing else, or it is refused."""

from __future__ import annotations

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.pair_groups import pair_groups

KIND = ("audio", "described", "text")


def graph(pairs: list[tuple[int, int]], n: int, m: int) -> HeteroData:
    data = HeteroData(audio={"num_nodes": n}, text={"num_nodes": m})
    data[KIND].edge_index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    return data


@pytest.mark.parametrize(
    ("pairs", "n", "m"),
    [
        ([], 2, 3),
        ([(0, 1), (1, 0)], 3, 2),
        ([(0, 0), (0, 1), (0, 1), (2, 2)], 3, 4),  # captions of a sound, one pair twice
        ([(0, 1), (1, 1), (2, 0)], 4, 2),  # sounds of a text
        ([(0, 0), (0, 1), (1, 0), (1, 1)], 2, 2),  # every one of a class with every one
    ],
)
def test_equal_numbers_are_the_pairs(pairs: list[tuple[int, int]], n: int, m: int) -> None:
    sources, targets = pair_groups(graph(pairs, n, m), KIND)
    assert {tuple(pair) for pair in (sources[:, None] == targets).nonzero().tolist()} == set(pairs)
    assert len(set(sources.tolist()) | set(targets.tolist())) >= n + m - len(pairs)  # the others are alone


def test_a_chain_is_refused() -> None:
    with pytest.raises(GraphError, match=r"\(audio, described, text\): audio 1 shares a text with one that has"):
        pair_groups(graph([(1, 0), (1, 1), (2, 1)], 3, 2), KIND)
