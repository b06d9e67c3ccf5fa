"""The graph of an experiment on one split of the ratings, as it is, without links, or with links drawn at random."""

from __future__ import annotations

import time
from typing import Literal

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.encoders.context import EncodeContext
from avgraph.graph.ratings import CANDIDATES, TRUSTS
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.runtime.settings import run_settings
from benchmarks.kept import Kept

Links = Literal["as they are", "none", "random"]
_MAKE_A_GRAPH = ("seed", "dataset", "encoders", "graph")  # other settings leave a kept graph as it is
_ROUNDS = 100


class Split:
    """Graphs of an experiment, each built once and only when it is asked for.

    What the steps of the graph say of pairs is computed anew for other links. Candidates to recommend are left out: no
    rating depends on them, and the steps describe them too.

    Args:
        experiment: with method rrnet_ratings; its ``dataset.seed`` is the split.
        kept: where graphs are kept.
    """

    def __init__(self, experiment: Experiment, kept: Kept) -> None:
        self.experiment, self.kept = experiment, kept
        self._data: HeteroData | None = None
        self._graphs: dict[Links, HeteroData] = {}

    def data(self) -> HeteroData:
        """Before the steps of the graph."""
        if self._data is None:
            plain, task = self.experiment.model_copy(update={"graph": []}), build_task(self.experiment)
            self._data = build_graph(plain, task, EncodeContext(seed=self.experiment.seed))
        return self._data

    def has_links(self) -> bool:
        """Whether there are any to take away."""
        return TRUSTS in self.data().edge_types

    def graph(self, links: Links = "as they are") -> HeteroData:
        """With these links, where there are any."""
        links = links if self.has_links() else "as they are"
        if links not in self._graphs:
            start = time.perf_counter()
            settings = self.experiment.to_dict()
            of = {"links": links, **{part: settings[part] for part in _MAKE_A_GRAPH}}
            self._graphs[links] = self.kept.graph(of, lambda: self._build(links))
            print(f"# graph, links {links}: {time.perf_counter() - start:.0f} s", flush=True)
        return self._graphs[links]

    def _build(self, links: Links) -> HeteroData:
        experiment = self.experiment
        assert experiment.graph is not None, "expected the steps of a graph, or a method that has a recipe"
        data = with_links(self.data(), links)
        with run_settings(experiment.train.threads):
            for step in experiment.graph:
                if step.edge_type() != CANDIDATES:
                    data = step.transform()(data)
        return data


def with_links(data: HeteroData, links: Links) -> HeteroData:
    """A graph with its links, without, or with as many of every user to users at random."""
    changed = data.clone()
    if links == "none":
        del changed[TRUSTS]
    elif links == "random":
        changed[TRUSTS].edge_index = rewired(data[TRUSTS].edge_index, seed=0)
    return changed


def rewired(edge_index: Tensor, seed: int) -> Tensor:
    """Edges within a node type whose targets have changed places: every node keeps its in-degree and its out-degree.

    Edges that are loops or that there are already change places again; where a hundred rounds do not end that, as in
    a graph that is nearly complete, some stay.

    Example:
        >>> edges = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
        >>> found = rewired(edges, seed=0)
        >>> found.tolist()[0], sorted(found.tolist()[1]), bool((found[0] == found[1]).any())
        ([0, 1, 2, 3], [0, 1, 2, 3], False)
    """
    draw = torch.Generator().manual_seed(seed)
    source, target = edge_index[0], edge_index[1][torch.randperm(edge_index.shape[1], generator=draw)]
    size = int(edge_index.max()) + 1 if edge_index.numel() else 0
    for _ in range(_ROUNDS):
        pair = source * size + target
        order = pair.argsort(stable=True)
        again = torch.zeros_like(pair, dtype=torch.bool)
        again[order[1:]] = pair[order][1:] == pair[order][:-1]
        bad = ((source == target) | again).nonzero()[:, 0]
        if not len(bad):
            break
        other = torch.randint(len(target), (len(bad),), generator=draw)
        for one, two in zip(bad.tolist(), other.tolist(), strict=True):
            target[[one, two]] = target[[two, one]]
    return torch.stack([source, target])
