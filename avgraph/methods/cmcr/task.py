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
from avgraph.methods.cmcr.evaluations import evaluations
from avgraph.methods.cmcr.judged import held_out_chance, held_out_headline
from avgraph.methods.cmcr.links import End
from avgraph.methods.cmcr.new_rows import nearest_held_out, unit_rows_of_space
from avgraph.methods.cmcr.objective import Side, connection_loss
from avgraph.methods.cmcr.options import CmcrOptions
from avgraph.methods.cmcr.paths import Path, bridge_metrics
from avgraph.methods.cmcr.readouts import Gathered
from avgraph.methods.cmcr.results import HELD_OUT, connected_graph, embed_held_out, held_out_metrics
from avgraph.methods.cmcr.space_heads import heads_like, heads_of, key_of
from avgraph.methods.cmcr.steps import Steps, steps_of_epoch
from avgraph.methods.headline import Headline
from avgraph.methods.predictions import Predictions, only_type
from avgraph.methods.row_shape import check_row_shape
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.nn import Projector, semantic_noise, soft_info_nce
from avgraph.nn.distributed import gather_rows
from avgraph.nn.precision import at_least_single
from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import own_rows
from avgraph.transforms.space_graph import SPACE, SpaceGraph


class CMCRTask(Task):
    """Connect any number of spaces in a chain or a tree.

    Every overlap of two spaces adds its `connection_loss` on its own batches (`Steps`). What each memory recalls for an
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
        self.spaces: list[str] = list(self.graph[SPACE].name)
        widths = dict(zip(self.spaces, self.graph[SPACE].channels.tolist(), strict=True))
        self.heads = heads_of(self.options, widths)
        self.bridge: dict[str, float] | None = None

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """What was learned; heads that began as published ones have widths of their own.

        The graph of a run has the rows of its overlaps no more, but what they gave without training.
        """
        self.heads = heads_like(state, self.spaces, final_relu=self.options.final_relu).to(self.dtype)
        super().restore(state)
        self.bridge = dict(self.graph.bridge) if "bridge" in self.graph else {}

    def head(self, space: str) -> Projector:
        """The projector of a space."""
        head = self.heads[key_of(space)]
        assert isinstance(head, Projector)
        return head

    def train_dataloader(self) -> DataLoader[Any]:
        """Numbers of the steps of an epoch, as many as the largest overlap fills; see `steps_of_epoch`."""
        return DataLoader(torch.arange(steps_of_epoch(self.graph, self.options.batch_size)), batch_size=1)  # type: ignore[arg-type]

    def on_fit_start(self) -> None:
        """Recall, once, on the device of training, and find the rows of the steps."""
        self.steps = Steps(self.graph, self.options, self.seed, self.device)

    def _projected(self, space: str, rows: Gathered, wanted: Tensor) -> Tensor:
        weight = next(self.head(space).parameters())
        x = rows.take(wanted).to(weight.device, weight.dtype)
        options = self.options
        variance = options.noise_variance if options.noise_norm is None else options.noise_norm / x.shape[1]
        noisy = semantic_noise(x, variance) if options.renormalize else x + variance**0.5 * torch.randn_like(x)
        projected: Tensor = self.head(space)(own_rows(noisy))  # the noise is that of the whole batch on every rank
        return gather_rows(at_least_single(projected), len(wanted))

    def _side(self, end: End, wanted: Tensor) -> Side:
        align = self.options.intra_spaces is None or end.space in self.options.intra_spaces
        own = self._projected(end.space, end.own, wanted)
        return Side(own, [self._projected(end.space, rows, wanted) for rows in end.recalled.values()], align)

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """The objective of a batch of each overlap (Eq. 10), the mean over its sets of items, and that of the paths."""
        epoch, step, steps = self.current_epoch, int(batch[0]), self.steps
        terms: dict[str, Tensor] = {}
        for overlap, link, wanted in steps.items(epoch, step):
            if len(wanted) < 2:  # BatchNorm has no statistics of one row
                raise GraphError(f"cmcr: '{link.modality}': expected at least 2 rows per batch, got {len(wanted)}")
            for kind, value in self._terms(*(self._side(end, wanted) for end in link.ends)).items():
                name = kind if len(steps.links) == 1 else f"{kind}_{overlap}"
                terms[name] = terms.get(name, 0) + value / len(steps.links[overlap])
        for number, (path, source, goal) in enumerate(steps.ends(epoch, step)):
            name = "path" if len(steps.paths) == 1 else f"path_{number}"
            terms[name] = self.options.path_weight * self._path_loss(path, source, goal)
        total = sum(terms.values(), torch.zeros((), device=self.device))
        for name, value in {**terms, "loss": total}.items():
            self.log(f"train/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=1)
        return total

    def _path_loss(self, path: Path, source: Tensor, goal: Tensor) -> Tensor:
        x, y = (self._projected(*end, wanted) for end, wanted in ((path.source, source), (path.goal, goal)))
        return soft_info_nce(x, y, path.target[source][:, goal].to(x), self.options.temperature)

    def _terms(self, one: Side, two: Side) -> dict[str, Tensor]:
        options = self.options
        return connection_loss(
            one, two, intra_weight=options.intra_weight,
            temperature=options.temperature, pseudo_temperature=options.pseudo_temperature,
            overlap=options.overlap_loss, pseudo=options.pseudo_loss,
        )  # fmt: skip

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Of held-out rows in the connected space: retrieval, zero-shot, localisation; retrieval over the overlaps."""
        return self._judged(HELD_OUT) | self._bridge()

    @torch.no_grad()
    def measure(self, split: str) -> dict[str, float]:
        """The same of the rows of one split, but for the overlaps."""
        return self._judged((split,))

    def _judged(self, splits: Sequence[str]) -> dict[str, float]:
        embedded = embed_held_out(self.graph, self.project, splits)
        return held_out_metrics(self.graph, embedded, splits) | evaluations(self.graph, embedded, splits)

    def trivial(self) -> Trivial:
        """The average precision of chance; no loss, as at τ = .01 a run that finds the right class has one above it."""
        return Trivial(metrics=held_out_chance(self.graph), prediction="chance")

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """MAP between two node types; see `held_out_headline`."""
        return held_out_headline(learned, metrics, held_out_chance(self.graph))

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
        self.graph, self.bridge = graph, {}

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
        kept, temperature = (options.edges_per_item, options.edge_items), options.recall_temperature
        graph = connected_graph(self.graph, self.project, *kept, temperature=temperature, whole=whole)
        graph.bridge = self._bridge()
        return graph

    def _bridge(self) -> dict[str, float]:
        if self.bridge is None:
            self.bridge = bridge_metrics(self.graph, self.options.path_temperature, seed=self.seed)
        return self.bridge
