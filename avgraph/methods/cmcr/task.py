"""C-MCR: a projector per space, trained on what spaces overlap in, without a pair of the others (NeurIPS 2023)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError, hint
from avgraph.methods.cmcr.heads import load_head
from avgraph.methods.cmcr.links import Batches, End, Link, read_links, training_rows
from avgraph.methods.cmcr.losses import Side, connection_loss
from avgraph.methods.cmcr.readouts import Gathered, Recall
from avgraph.methods.cmcr.results import connected_graph, embed_held_out, held_out_chance, held_out_metrics
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
        hidden_channels, channels, final_relu, half: of the projectors, see `Projector`.
        recall: what a memory gives for an item: the softmax over its rows, its most similar row, or one by chance.
        recall_temperature, temperature, pseudo_temperature: τ₁, τ₂, τ₃.
        noise_variance: σ² of the noise on every embedding.
        renormalize: bring noisy embeddings back to length 1.
        overlap_loss, pseudo_loss: whether items, and what is recalled for them, are contrasted between spaces.
        intra_weight: λ; ``intra_spaces``: the spaces whose modalities are drawn together, None is all.
        batch_size: most items per step of each overlap.
        edges_per_item: memory edges that the learned graph holds per item, for ``edge_items`` items of each overlap.
        heads: space → published head to start from, see `load_head`.
    """

    def __init__(
        self,
        hidden_channels: int = 256,
        channels: int = 128,
        final_relu: bool = False,
        half: bool = False,
        recall: Recall = "softmax",
        recall_temperature: float = 0.01,
        temperature: float = 0.1,
        pseudo_temperature: float = 0.1,
        noise_variance: float = 0.004,
        renormalize: bool = True,
        overlap_loss: bool = True,
        pseudo_loss: bool = True,
        intra_weight: float = 0.1,
        intra_spaces: Sequence[str] | None = None,
        batch_size: int = 256,
        edges_per_item: int = 0,
        edge_items: int = 100,
        heads: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.shape: Any = {"hidden_channels": hidden_channels, "out_channels": channels}
        self.kind: Any = {"final_relu": final_relu, "half": half}
        self.recall: Recall = recall
        self.recall_temperature = recall_temperature
        self.noise_variance, self.renormalize = noise_variance, renormalize
        self.objective: Any = {
            "intra_weight": intra_weight,
            "temperature": temperature,
            "pseudo_temperature": pseudo_temperature,
            "overlap": overlap_loss,
            "pseudo": pseudo_loss,
        }
        self.intra_spaces = None if intra_spaces is None else tuple(intra_spaces)
        self.batch_size, self.edges = batch_size, (edges_per_item, edge_items)
        self.given = dict(heads or {})

    def recipe(self) -> Sequence[BaseTransform]:
        """The graph of spaces."""
        return (SpaceGraph(),)

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:
        """Find the spaces and make a head for each.

        Raises:
            GraphError: if spaces are not connected, an option names a space there is not, heads end in different
                widths, or the options leave nothing to learn.
            DataError: if a published head cannot be read.
        """
        super().bind(graph if SPACE in graph.node_types else SpaceGraph()(graph), train)
        self.spaces: list[str] = list(self.graph[SPACE].name)
        for name in (*self.given, *(self.intra_spaces or ())):
            if name not in self.spaces:
                raise GraphError(f"cmcr: no space '{name}'; {hint(name, self.spaces, 'there are')}")
        aligned = self.spaces if self.intra_spaces is None else self.intra_spaces
        if not (self.objective["overlap"] or self.objective["pseudo"] or (aligned and self.objective["intra_weight"])):
            raise GraphError("cmcr: overlap_loss, pseudo_loss and intra_weight are all off: nothing to learn")
        self.heads = nn.ModuleDict()
        for name, width in zip(self.spaces, self.graph[SPACE].channels.tolist(), strict=True):
            self.heads[_key(name)] = self._head(name, width)
        widths = {name: _out_channels(self.head(name)) for name in self.spaces}
        if len(set(widths.values())) > 1:
            told = ", ".join(f"{name} {width}" for name, width in widths.items())
            raise GraphError(f"cmcr: expected heads of one width, got {told}; set method.channels to that of the heads")
        self.seed = torch.initial_seed() % 2**32  # that of the run
        self.links: list[Link] | None = None

    def _head(self, space: str, width: int) -> Projector:
        if space not in self.given:
            return Projector(width, **self.shape, **self.kind)
        head = load_head(self.given[space], final_relu=self.kind["final_relu"])
        columns = next(head.parameters()).shape[1]
        if columns != width:
            raise GraphError(f"cmcr: {self.given[space]} takes {columns} columns, but space '{space}' has {width}")
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
        return Batches([len(training_rows(self.graph, *which)) for which in held], self.batch_size, self.seed)

    def on_fit_start(self) -> None:
        """Recall, once, on the device of training."""
        self.links = self._links()
        self.batches = self._batches()

    def _links(self) -> list[Link]:
        return read_links(self.graph, self.recall, self.recall_temperature, seed=self.seed, device=self.device)

    def _projected(self, space: str, rows: Gathered, wanted: Tensor) -> Tensor:
        weight = next(self.head(space).parameters())
        x = rows.take(wanted).to(weight.device, weight.dtype)
        if self.renormalize:
            noisy = semantic_noise(x, self.noise_variance)
        else:
            noisy = x + self.noise_variance**0.5 * torch.randn_like(x)
        projected: Tensor = self.head(space)(noisy)
        return at_least_single(projected)

    def _side(self, end: End, wanted: Tensor) -> Side:
        align = self.intra_spaces is None or end.space in self.intra_spaces
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
            terms = connection_loss(*(self._side(end, wanted) for end in link.ends), **self.objective)
            for name, value in terms.items():
                total = total + value
                label = f"train/{name}" if len(self.links) == 1 else f"train/{name}_{number}"
                self.log(label, value.detach(), on_step=False, on_epoch=True, batch_size=1)
        self.log("train/loss", total.detach(), on_step=False, on_epoch=True, batch_size=1)
        return total

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

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph of spaces, held-out rows with their ``embedding``, and the strongest memory edges of some items."""
        return connected_graph(self.graph, self.project, *self.edges, temperature=self.recall_temperature)


def _key(space: str) -> str:
    """Name of a submodule: a space may be called as a method of ModuleDict is."""
    return f"head_{space}"


def _out_channels(head: Projector) -> int:
    matrices = [value for value in head.parameters() if value.dim() == 2]
    return int(matrices[-1].shape[0])
