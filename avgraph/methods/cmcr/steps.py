"""What a training step of C-MCR draws: items of every overlap, and rows at both ends of every path."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.methods.cmcr.centred import centred_links
from avgraph.methods.cmcr.links import Batches, End, Link, overlaps_of, read_links, training_rows
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.cmcr.paths import Path, read_paths


def steps_of_epoch(graph: HeteroData, batch_size: int) -> int:
    """Steps of ``batch_size`` items that the largest overlap has; with ``centred_on: all`` its sets share each step."""
    largest = max(len(training_rows(graph, modality, spaces[0])) for modality, spaces in overlaps_of(graph))
    return math.ceil(largest / batch_size)


class Steps:
    """The sets of items, what is recalled for them, and the rows that each step takes.

    Attributes:
        links: per overlap its sets of items: its own rows, and with ``centred_on: all`` those of every memory, which
            share the rows of a step.
        paths: where ``path_weight`` is not 0.

    Args:
        graph: with its spaces and overlaps.
        options: of the method.
        seed: of chance and order.
        device: where to recall.

    Raises:
        GraphError: as `read_links`, or if edges say all that is recalled and the options say how to.
    """

    def __init__(self, graph: HeteroData, options: CmcrOptions, seed: int, device: torch.device | str) -> None:
        how, temperature = options.recall, options.recall_temperature
        self.links = [[link] for link in read_links(graph, how, temperature, seed=seed, device=device)]
        _check_recall(options, [end for (link,) in self.links for end in link.ends])
        if options.centred_on == "all":
            for links in self.links:
                links += centred_links(links[0], how, temperature, seed=seed, device=device)
        weighed = options.path_weight > 0
        self.paths = read_paths(graph, options.path_temperature, options.path_rows, seed=seed) if weighed else []
        sets = [(len(link.ends[0].own), options.batch_size // len(links)) for links in self.links for link in links]
        sets += [(len(rows), options.batch_size // 2) for path in self.paths for _, rows in (path.source, path.goal)]
        self._batches = Batches([size for size, _ in sets], [max(2, most) for _, most in sets], seed)
        self._first_path = sum(len(links) for links in self.links)

    def items(self, epoch: int, step: int) -> Iterator[tuple[int, Link, Tensor]]:
        """Number of the overlap, a set of its items, and the rows that are taken of it."""
        number = 0
        for overlap, links in enumerate(self.links):
            for link in links:
                yield overlap, link, self._batches.rows(number, epoch, step)
                number += 1

    def ends(self, epoch: int, step: int) -> Iterator[tuple[Path, Tensor, Tensor]]:
        """A path, and the rows of its source and of its goal."""
        for number, path in enumerate(self.paths):
            source, goal = (self._batches.rows(self._first_path + 2 * number + side, epoch, step) for side in (0, 1))
            yield path, source, goal


def _check_recall(options: CmcrOptions, ends: list[End]) -> None:
    """That ``recall`` is at its default where it is without effect: a run's ``config.yaml`` has every option."""
    read = [(end, memory) for end in ends for memory in end.recalled]
    if options.centred_on == "overlap" and read and all(memory in end.told for end, memory in read):
        temperature = ["recall_temperature"] if options.edges_per_item == 0 else []
        for name in ("recall", *temperature):
            value, default = getattr(options, name), CmcrOptions.model_fields[name].default
            if value != default:
                raise GraphError(f"cmcr: {name}: {value} has no effect: edges of the graph say all that is recalled")
