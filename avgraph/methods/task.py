"""What the run asks of a method: a LightningModule over one graph that reports metrics and what it has learned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from pytorch_lightning import LightningModule
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.figures.figures import Draw
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.explanation import ExplainOptions, Explanation
from avgraph.methods.headline import Headline
from avgraph.methods.optimizer import build_optimizer, build_schedule
from avgraph.methods.predictions import Predictions
from avgraph.methods.trivial import Trivial
from avgraph.options.train import TrainOptions


class Task(LightningModule, ABC):
    """A method bound to one graph.

    A subclass takes its options object in ``__init__`` (a user's own class: keyword arguments), builds its parameters
    in `bind`, and defines `training_step`, `metrics` and `annotated`. One training step an epoch over the whole graph
    is the default; a method with mini-batches or a schedule of stages overrides `train_dataloader` or the Lightning
    hooks.
    """

    splits_batches: ClassVar[bool] = False
    """Of a user's own method: whether several processes can train it (docs/distributed.md).

    Its step then takes `avgraph.runtime.ranks.own_rows` of a batch, and `avgraph.nn.distributed.gather_rows` of what it
    makes of them before it compares rows.
    """

    graph: HeteroData
    seed: int

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Take the finished graph and build the parameters that fit its sizes.

        Args:
            graph: kept as ``self.graph``.
            train: kept as ``self.train_options``.
            seed: of the run, kept as ``self.seed``: whatever the method draws beside its weights and the draws of a
                step comes from it, so that `avgraph.evaluate` sees the task of the training.
        """
        self.graph = graph
        self.train_options = train
        self.seed = seed

    def recipe(self) -> Sequence[BaseTransform]:
        """Of a user's own method: the transforms that build its graph where the experiment declares none.

        A built-in method has them as data, in its options.
        """
        return ()

    def raw_nodes(self) -> Sequence[str]:
        """Node types that may hold raw input, or no features: the method has its own encoders for them.

        The graph of such a method is kept beside what it has learned, so that the run can be evaluated again.
        """
        return ()

    @abstractmethod
    def metrics(self) -> dict[str, float]:
        """Final metrics over the splits, `<split>/<name>`; without randomness and without gradient."""

    def measure(self, split: str) -> dict[str, float]:
        """Metrics of one split, `<split>/<name>`: those of `metrics` that are cheap enough to watch during training.

        Called with the weights of an epoch, in evaluation, without gradient. Nothing that belongs to another split may
        be looked at: what is chosen by these numbers must know nothing of the test. None where the split has no row.

        Raises:
            GraphError: if the method cannot measure one split alone.
        """
        raise GraphError(f"{type(self).__name__} measures no split by itself: it has no measure(split)")

    @abstractmethod
    def annotated(self) -> HeteroData:
        """The graph, on the CPU, with what was learned on its edges."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what a bound task of the same run has learned.

        Args:
            state: the tensors of its checkpoint.

        Raises:
            RuntimeError: if they are of another model.
        """
        self.load_state_dict(state)

    def take_graph(self, graph: HeteroData) -> None:
        """Take another graph to be evaluated on; what was learned stays what it is, and so does what features are
        scaled by.

        Args:
            graph: of another data set, encoded as that of the run.

        A method that knows one graph only (it is transductive) has none of its own.

        Raises:
            GraphError: if the graph does not fit what was learned.
        """
        raise NotImplementedError(f"{type(self).__name__}.take_graph")

    def new_nodes(self) -> Sequence[str]:
        """Node types whose new rows `predict` answers, the usual one first; none where it answers none."""
        return ()

    def row_shape(self, node: str) -> list[int] | None:
        """Shape of a row of a node type as the method takes it, once encoded; None where it is a name alone."""
        x = self.graph[node].get("x")
        return None if x is None else list(x.shape[1:])

    def embedded(self, node: str, x: Tensor) -> Tensor:
        """Embeddings of new rows of a node type, encoded as those of the run.

        Raises:
            GraphError: if the method has no embeddings.
        """
        raise GraphError(f"{type(self).__name__} embeds nothing")

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """What the method says of rows that it has not been trained on, of each as if there were no other.

        Args:
            new: nodes of one of the types of `new_nodes`, encoded as those of the run, with ``name``.
            steps: transforms of the run's graph; ``step.link(graph, new)`` gives the edges that join the two,
                ``step.rescore(graph, new, edges)`` scores by the edges so far.

        Raises:
            GraphError: if the rows cannot be joined to the graph of the run.
        """
        raise GraphError(f"{type(self).__name__} predicts nothing of new rows")

    def explained(self) -> EdgeType | None:
        """Type of the edges whose answers `explain` takes apart; none where it takes apart none."""
        return None

    def explain(self, source: int, target: int | None, options: ExplainOptions) -> Explanation:
        """What the answer for an edge of the type of `explained` rests on.

        Args:
            source, target: numbers of its ends; the most probable target if None.
            options: how.

        Raises:
            GraphError: if there is no such edge.
        """
        raise GraphError(f"{type(self).__name__} explains nothing")

    def trivial(self) -> Trivial | None:
        """What the run has to beat to have learned anything; ``None`` where the method cannot tell."""
        return None

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """What the run is to be judged by, and what stands beside it; ``None`` where the method cannot tell.

        Args:
            learned: what `annotated` has given.
            metrics: what `metrics` has.
        """
        return None

    def figures(self, learned: HeteroData, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Draw]:
        """File name → what draws it into a path, for ``figures/`` of the run; see `avgraph.figures`.

        Args:
            learned: what `annotated` has given.
            history: the lines of ``metrics.jsonl``.
        """
        return {}

    def train_dataloader(self) -> DataLoader[Any]:
        """One step an epoch: the graph itself is held by the task."""
        return DataLoader(torch.zeros(1), batch_size=1)  # type: ignore[arg-type]

    def configure_optimizers(self) -> Any:
        """The optimizer and the schedule that the experiment declares."""
        options = self.train_options
        optimizer = build_optimizer(self.parameters(), options.optimizer)
        schedule = build_schedule(optimizer, options, steps_per_epoch=len(self.train_dataloader()))
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
