"""Edges of nodes from the CSR view: all of them against a naive search, few of them by their law."""

import itertools

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence, Side
from avgraph.nn.edges.sampling import distinct_numbers, incident_edges


def plan(edges: int = 60, nodes: int = 12) -> Incidence:
    index = torch.randint(nodes, (2, edges), generator=torch.Generator().manual_seed(3))
    return Incidence.from_edge_index(index, nodes, nodes)


def test_all_edges_of_some_nodes_as_a_naive_search_finds_them() -> None:
    view, nodes = plan(), torch.tensor([11, 0, 7])
    wanted = set(nodes.tolist())
    ends = list(zip(view.source.index.tolist(), view.target.index.tolist(), strict=True))
    out = [number for number, (source, _) in enumerate(ends) if source in wanted]
    either = [number for number, pair in enumerate(ends) if wanted & set(pair)]
    assert incident_edges(nodes, [view.source]).tolist() == out
    assert incident_edges(nodes, [view.source, view.target]).tolist() == either


def test_no_node_and_nodes_without_edges_have_none() -> None:
    side = Side.from_index(torch.tensor([1, 1]), num_nodes=3)
    for nodes in (torch.empty(0, dtype=torch.int64), torch.tensor([0, 2])):
        assert incident_edges(nodes, [side]).tolist() == []
        assert incident_edges(nodes, [side], fan_out=1, rng=np.random.default_rng(0)).tolist() == []


@pytest.mark.parametrize("fan_out", [1, 4, 100])
def test_of_every_node_as_many_as_asked_for_or_as_it_has(fan_out: int) -> None:
    view = plan()
    for node in range(12):
        every = incident_edges(torch.tensor([node]), [view.source, view.target])
        both = int(view.source.degree[node] + view.target.degree[node])
        drawn = incident_edges(
            torch.tensor([node]), [view.source, view.target], fan_out=fan_out, rng=np.random.default_rng(node)
        )
        assert set(drawn.tolist()) <= set(every.tolist())
        loops = both - len(every)  # a self-loop is found at both ends
        assert min(fan_out, both) - loops <= len(drawn) <= min(fan_out, both)


@pytest.mark.slow
def test_every_edge_of_a_node_is_drawn_as_often() -> None:
    rng, count = np.random.default_rng(0), torch.zeros(8)
    several = Incidence.from_edge_index(torch.tensor([[0] * 5 + [1] * 3, [1] * 5 + [0] * 3]), 2, 2)
    for _ in range(2000):
        count[incident_edges(torch.tensor([0]), [several.source, several.target], fan_out=3, rng=rng)] += 1
    assert int(count.sum()) == 3 * 2000
    assert chisquare(count.numpy()).pvalue > 0.01


def test_every_choice_of_distinct_numbers_is_as_likely() -> None:
    rows = distinct_numbers(torch.full((12_000,), 5), 3, np.random.default_rng(1)).sort(1).values
    seen = {tuple(row): 0 for row in itertools.combinations(range(5), 3)}
    for row in rows.tolist():
        seen[tuple(row)] += 1
    assert sum(seen.values()) == 12_000
    assert chisquare(list(seen.values())).pvalue > 0.01


def test_without_a_number_or_a_generator_nothing_is_drawn() -> None:
    side = Side.from_index(torch.tensor([0]), 1)
    with pytest.raises(GraphError, match="fan_out: expected at least 1"):
        incident_edges(torch.tensor([0]), [side], fan_out=0, rng=np.random.default_rng(0))
    with pytest.raises(GraphError, match="and a generator to draw by, got 2 and None"):
        incident_edges(torch.tensor([0]), [side], fan_out=2)
