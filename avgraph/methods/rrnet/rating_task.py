"""Training RR-Net on the ratings of one graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.figures.figures import Draw
from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import CANDIDATES, ITEM, RATES, USER
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.headline import Headline
from avgraph.methods.predictions import Predictions
from avgraph.methods.rrnet.edge_layers import start_at_zero
from avgraph.methods.rrnet.rating_features import NodeFeatures, relation_features
from avgraph.methods.rrnet.rating_figures import rating_figures
from avgraph.methods.rrnet.rating_heads import Answer, head_of
from avgraph.methods.rrnet.rating_network import RatingNetwork, relations
from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions
from avgraph.methods.rrnet.rating_pairs import Pairs, pairs_of
from avgraph.methods.rrnet.rating_predicted import predict_pairs
from avgraph.methods.rrnet.rating_results import bias_errors, constant_loss, rating_headline, rating_metrics, recommend
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.nn import Incidence
from avgraph.nn.rating_biases import DampedBiases
from avgraph.options.train import TrainOptions


class RatingTask(Task):
    """RR-Net as a training task: how would a user rate an item?

    Args:
        options: what each does is said in `RrnetRatingsOptions`.
    """

    def __init__(self, options: RrnetRatingsOptions) -> None:
        super().__init__()
        self.options = options

    def raw_nodes(self) -> tuple[str, ...]:
        """Users and items need no features."""
        return (USER, ITEM)

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Take the training ratings, what is started from, and build the network.

        Raises:
            GraphError: if there are no training ratings, or what is started from is missing.
        """
        super().bind(graph, train, seed)
        options, self.known = self.options, known_ratings(graph)
        rating = self.known.rating
        self.biases = DampedBiases(
            self.known.edge_index, rating, self.known.users, self.known.items, damping=options.damping
        )
        self.head = head_of(options, rating)
        self.pairs = pairs_of(graph, self.known, self.head, self.biases, options.start, standardize=options.standardize)
        self.relations = relations(graph.edge_types) if options.intra_units else ()
        self.edge_attr = {
            kind: value for kind in self.relations if (value := relation_features(graph, kind)) is not None
        }
        self.features = NodeFeatures(graph, options, seed)
        self.network = RatingNetwork(
            {node: value.shape[1] for node, value in self.features().items()},
            {kind: self.edge_attr[kind].shape[1] if kind in self.edge_attr else 0 for kind in self.relations},
            pair_channels=self.pairs[RATES].attr.shape[1],
            known_channels=1 if options.rating_messages else 0,
            outputs=self.head.outputs,
            hidden_channels=options.hidden_channels,
            intra_units=options.intra_units,
            inter_units=options.inter_units,
            aggr=options.aggr,
            incidence=options.incidence,
            dropout=options.dropout,
            product=options.product,
            direct=options.direct,
        )
        if self.pairs[RATES].start is not None:
            for part in (self.network.decoder, *([self.network.direct] if self.network.direct else [])):
                start_at_zero(part)
        self._placed: tuple[torch.device, torch.dtype] | None = None

    def _place(self) -> None:
        """Move the graph to the device and the type of the weights, once."""
        like = self.network.decoder.last.weight
        if self._placed == (place := (like.device, like.dtype)):
            return
        self._placed = place
        self.told = self.pairs[RATES].to(like).rows(self.known.edge.to(like.device))
        self.told_plan = Incidence.from_edge_index(self.told.edge_index, self.known.users, self.known.items)
        self.rating = self.known.rating.to(like)
        self.edge_index = {kind: self.graph[kind].edge_index.to(like.device) for kind in self.relations}
        sizes = {USER: self.known.users, ITEM: self.known.items}
        self.plans = {
            kind: Incidence.from_edge_index(index, sizes[kind[0]], sizes[kind[0]])
            for kind, index in self.edge_index.items()
        }
        self.relation_attr = {kind: value.to(like) for kind, value in self.edge_attr.items()}

    def forward(self, pairs: Pairs, hidden: Tensor | None = None) -> Tensor:
        """What the network says of pairs from the training ratings but the hidden ones (a mask of them)."""
        told, rating = self.told, self.rating
        if hidden is not None:
            told, rating = told.rows(~hidden), rating[~hidden]
        attr = rating.new_empty(len(rating), 0)
        if self.options.rating_messages:
            attr = ((rating - self.rating.mean()) / self.rating.std().clamp_min(1e-6))[:, None]
        known, asked = (told.edge_index, self._plan(told), attr), (self._plan(pairs), pairs.attr)
        found: Tensor = self.network(self.features(), known, asked, self.edge_index, self.relation_attr, self.plans)
        return found

    def _plan(self, pairs: Pairs) -> Incidence:
        if pairs is self.told:
            return self.told_plan
        return Incidence.from_edge_index(pairs.edge_index, self.known.users, self.known.items)

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One step: of all training ratings, or of those that it hides."""
        self._place()
        pairs, rating, hidden = self.told, self.rating, None
        if self.options.rating_messages:
            hidden = torch.rand(len(rating)) < self.options.hidden_share
            hidden[torch.randint(len(rating), (1,))] = True
            hidden = hidden.to(rating.device)
            pairs, rating = pairs.rows(hidden), rating[hidden]
        loss = self.head.loss(self(pairs, hidden), pairs.start, rating)
        self.log("train/loss", loss.detach(), on_step=False, on_epoch=True, batch_size=1)
        return loss

    def answer(self, kind: EdgeType) -> Answer:
        """Predictions for the pairs of an edge type from all training ratings.

        Of a training rating it is what the network says of a pair whose rating it has been told.
        """
        return self.answer_of(self.pairs[kind])

    @torch.no_grad()
    def answer_of(self, pairs: Pairs) -> Answer:
        """Predictions for any pairs from all training ratings."""
        self._place()
        pairs = pairs.to(self.network.decoder.last.weight)
        found = self.head.answer(self(pairs), pairs.start)
        probability = None if found.probability is None else found.probability.float().cpu()
        return Answer(found.mean.float().cpu(), found.median.float().cpu(), probability)

    @property
    def liked(self) -> float:
        """The least rating of what is liked: that of the options, or the mean training rating."""
        return float(self.known.rating.mean()) if self.options.liked is None else self.options.liked

    def new_nodes(self) -> tuple[str, ...]:
        """Users and items of the run, a pair a row."""
        return (USER, ITEM)

    def row_shape(self, node: str) -> None:
        """A user and an item are called by name."""

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """How users would rate items; see `predict_pairs`."""
        return predict_pairs(self, new, steps)

    def metrics(self) -> dict[str, float]:
        """Errors beside those of the biases, see `rating_metrics`."""
        return rating_metrics(self.graph, self.known, self.answer(RATES), self.biases)

    def measure(self, split: str) -> dict[str, float]:
        """The same of one split."""
        return rating_metrics(self.graph, self.known, self.answer(RATES), self.biases, (split,))

    def trivial(self) -> Trivial:
        """The loss of one constant answer, and the errors of the biases."""
        errors = bias_errors(self.graph, self.known, self.biases)
        return Trivial(constant_loss(self.known.rating, self.options.head), errors=errors, prediction="the bias model")

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """The absolute error; see `rating_headline`."""
        return rating_headline(self.graph, self.answer(RATES), metrics)

    def figures(self, learned: HeteroData, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Draw]:
        """Whether predictions mean what they say, and errors from cold to warm; see `rating_figures`."""
        return rating_figures(self.graph, self.known, self.answer(RATES), self.biases)

    def annotated(self) -> HeteroData:
        """The graph with the ``prediction`` of every rating, and with what is recommended."""
        result = self.graph.clone()
        result[RATES].prediction = self.answer(RATES).mean
        if (most := self.options.recommend) and CANDIDATES in self.graph.edge_types:
            recommend(result, self.answer(CANDIDATES), self.head.levels.cpu(), most=most, liked=self.liked)
        return result
