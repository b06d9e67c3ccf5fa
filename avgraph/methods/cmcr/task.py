"""C-MCR: a projector per space, trained on what spaces overlap in, without a pair of the others (NeurIPS 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError, hint
from avgraph.graph.spaces import holders, state_name
from avgraph.methods.cmcr.heads import load_head, out_channels, projector_of
from avgraph.methods.cmcr.links import Batches, End, Link, read_links, training_rows
from avgraph.methods.cmcr.new_rows import nearest_held_out, unit_rows_of_space
from avgraph.methods.cmcr.objective import Side, connection_loss
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.cmcr.readouts import Gathered
from avgraph.methods.cmcr.results import connected_graph, embed_held_out, held_out_chance, held_out_metrics
from avgraph.methods.predictions import Predictions, only_type
from avgraph.methods.row_shape import check_row_shape
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.nn import Projector, semantic_noise
from avgraph.nn.precision import at_least_single
from avgraph.options.train import TrainOptions
from avgraph.transforms.space_graph import OVERLAPS, SPACE, SpaceGraph


class CMCRTask(Task):
    """Connect any number of spaces in a chain or a tree.

    Every overlap of two spaces adds its `connection_loss` on its own batch of items. What each memory recalls for an
    item is computed once, on clean rows; the noise is fresh at every step; a head sees one modality at a time.

    Args:
        options: what each does is said in `CmcrOptions`.
    """

    def __init__(self, options: CmcrOptions) -> None:
        super().__init__()
        self.options = options

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Find the spaces, where the graph has not been told them (`SpaceGraph`), and make a head for each.

        Raises:
            GraphError: if spaces are not connected, an option names a space there is not, or heads end in different
                widths.
            DataError: if a published head cannot be read.
        """
        super().bind(graph if SPACE in graph.node_types else SpaceGraph()(graph), train, seed)
        options = self.options
        self.spaces: list[str] = list(self.graph[SPACE].name)
        for name in (*(options.heads or ()), *(options.intra_spaces or ())):
            if name not in self.spaces:
                raise GraphError(f"cmcr: no space '{name}'; {hint(name, self.spaces, 'there are')}")
        self.heads = nn.ModuleDict()
        for name, width in zip(self.spaces, self.graph[SPACE].channels.tolist(), strict=True):
            self.heads[_key(name)] = self._head(name, width)
        widths = {name: out_channels(self.head(name)) for name in self.spaces}
        if len(set(widths.values())) > 1:
            told = ", ".join(f"{name} {width}" for name, width in widths.items())
            raise GraphError(f"cmcr: expected heads of one width, got {told}; set method.channels to that of the heads")
        self.links: list[Link] | None = None

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """What was learned; heads that began as published ones have widths of their own."""
        for name in self.spaces:
            start = f"heads.{_key(name)}."
            own = {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}
            self.heads[_key(name)] = projector_of(own, final_relu=self.options.final_relu).to(self.dtype)
        super().restore(state)

    def _head(self, space: str, width: int) -> Projector:
        options, given = self.options, (self.options.heads or {}).get(space)
        if given is None:
            kind = {"final_relu": options.final_relu, "half": options.half}
            return Projector(width, options.hidden_channels, options.channels, **kind)
        head = load_head(given, final_relu=options.final_relu)
        columns = next(head.parameters()).shape[1]
        if columns != width:
            raise GraphError(f"cmcr: {given} takes {columns} columns, but space '{space}' has {width}")
        return head

    def head(self, space: str) -> Projector:
        """The projector of a space."""
        head = self.heads[_key(space)]
        assert isinstance(head, Projector)
        return head

    def train_dataloader(self) -> DataLoader[Any]:
        """Numbers of the steps of an epoch; a step gathers its own rows."""
        return DataLoader(torch.arange(len(self._batches())), batch_size=1)  # type: ignore[arg-type]

    def _batches(self) -> Batches:
        edges = self.graph[OVERLAPS]
        one = [self.spaces[number] for number in edges.edge_index[0].tolist()]
        held = zip(edges.modality, one, strict=True)
        return Batches([len(training_rows(self.graph, *which)) for which in held], self.options.batch_size, self.seed)

    def on_fit_start(self) -> None:
        """Recall, once, on the device of training."""
        self.links = self._links()
        self.batches = self._batches()

    def _links(self) -> list[Link]:
        options = self.options
        return read_links(self.graph, options.recall, options.recall_temperature, seed=self.seed, device=self.device)

    def _projected(self, space: str, rows: Gathered, wanted: Tensor) -> Tensor:
        weight = next(self.head(space).parameters())
        x = rows.take(wanted).to(weight.device, weight.dtype)
        if self.options.renormalize:
            noisy = semantic_noise(x, self.options.noise_variance)
        else:
            noisy = x + self.options.noise_variance**0.5 * torch.randn_like(x)
        projected: Tensor = self.head(space)(noisy)
        return at_least_single(projected)

    def _side(self, end: End, wanted: Tensor) -> Side:
        align = self.options.intra_spaces is None or end.space in self.options.intra_spaces
        own = self._projected(end.space, end.own, wanted)
        return Side(own, [self._projected(end.space, rows, wanted) for rows in end.recalled.values()], align)

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """The objective of a batch of each overlap (Eq. 10)."""
        assert self.links is not None
        total = torch.zeros((), device=self.device)
        for number, link in enumerate(self.links):
            wanted = self.batches.rows(number, self.current_epoch, int(batch[0]))
            if len(wanted) < 2:  # BatchNorm has no statistics of one row
                raise GraphError(f"cmcr: '{link.modality}': expected at least 2 rows per batch, got {len(wanted)}")
            terms = self._terms(*(self._side(end, wanted) for end in link.ends))
            for name, value in terms.items():
                total = total + value
                label = f"train/{name}" if len(self.links) == 1 else f"train/{name}_{number}"
                self.log(label, value.detach(), on_step=False, on_epoch=True, batch_size=1)
        self.log("train/loss", total.detach(), on_step=False, on_epoch=True, batch_size=1)
        return total

    def _terms(self, one: Side, two: Side) -> dict[str, Tensor]:
        return connection_loss(
            one,
            two,
            intra_weight=self.options.intra_weight,
            temperature=self.options.temperature,
            pseudo_temperature=self.options.pseudo_temperature,
            overlap=self.options.overlap_loss,
            pseudo=self.options.pseudo_loss,
        )

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Retrieval between the held-out rows of every two node types, in the connected space."""
        return held_out_metrics(self.graph, embed_held_out(self.graph, self.project))

    def trivial(self) -> Trivial:
        """The average precision of chance.

        No loss: at τ = .01 that of a run which finds the right class, and takes items of it for each other, is above
        that of equal rows.
        """
        return Trivial(metrics=held_out_chance(self.graph), prediction="chance")

    @torch.no_grad()
    def project(self, space: str, rows: Tensor) -> Tensor:
        """Rows of a space as unit rows of the connected space."""
        head = self.head(space)
        weight = next(head.parameters())
        parts = [head(part.to(weight.device, weight.dtype)).float() for part in rows.split(65536)]
        return nn.functional.normalize(torch.cat(parts)).cpu()

    def take_graph(self, graph: HeteroData) -> None:
        """Connect the held-out rows of another data set that are in the same spaces."""
        for space, nodes in holders(graph).items():
            if space not in self.spaces:
                raise GraphError(f"cmcr: no space '{space}'; {hint(space, self.spaces, 'the run connects')}")
            for node in nodes:
                check_row_shape(f"{node} in space {space}", graph[node][state_name(space)], self.row_shape(space))
        self.graph = graph

    def new_nodes(self) -> tuple[str, ...]:
        """The spaces, by name."""
        return tuple(self.spaces)

    def row_shape(self, node: str) -> list[int]:
        """Width of a space."""
        return [next(self.head(node).parameters()).shape[1]]

    def embedded(self, node: str, x: Tensor) -> Tensor:
        """New rows of the space ``node`` as unit rows of the connected space."""
        return self.project(node, unit_rows_of_space(node, x))

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """The held-out rows of the run that are nearest to new rows of a space; see `nearest_held_out`."""
        node = only_type(new)
        return nearest_held_out(self.graph, node, new[node].name, self.embedded(node, new[node].x))

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph of spaces, rows with their ``embedding``, and the strongest memory edges of some items."""
        options, whole = self.options, self.options.rows == "all"
        kept = (options.edges_per_item, options.edge_items)
        return connected_graph(self.graph, self.project, *kept, temperature=options.recall_temperature, whole=whole)


def _key(space: str) -> str:
    return f"head_{space}"  # a space may be called as a method of ModuleDict is
