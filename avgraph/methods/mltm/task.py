"""m-LTM: two projections and a ground metric learned so that the coupling of a batch is its true matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.figures.figures import Draw
from avgraph.graph.vocabulary import SPLITS
from avgraph.methods.headline import Headline, judged_split
from avgraph.methods.matches import matched
from avgraph.methods.mltm.learned import add_trusted_pairs, coupled_graph, learned_figures, trust_metrics
from avgraph.methods.mltm.objective import Objective
from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.mltm.pairs import UniquePairBatches
from avgraph.methods.mltm.ranking import retrieval_headline, retrieval_metrics
from avgraph.methods.mltm.sides import of_split, training_pairs, with_classes, with_pairs
from avgraph.methods.mltm.trust import trust_of_pairs
from avgraph.methods.predictions import Predictions, only_type, row_names
from avgraph.methods.row_shape import check_row_shape
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.metrics import chance_average_precision
from avgraph.nn import project_psd
from avgraph.nn.distributed import gather_rows
from avgraph.nn.precision import at_least_single
from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import own_rows


class MLTMTask(Task):
    """Audio-text retrieval by mini-batch learning to match (Luong et al., ICLR 2024), and its baselines.

    Trained on pairs, the edges (``audio``, ``relation``, ``text``) of training sounds, whoever wrote them; without such
    edges a sound is paired with the texts of its ``y``, one of its class or its own captions. Measured by ``y``; where
    neither has one, by the pairs. The baselines share projections, batches and optimiser; the metric is learned by
    ``"mltm"`` only.

    Args:
        options: what each does is said in `MltmOptions`.
    """

    def __init__(self, options: MltmOptions) -> None:
        super().__init__()
        self.options = options
        self.objective = Objective(options)

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Pair the sounds with texts and build the projections.

        Raises:
            GraphError: if a node type or attribute is missing, or fewer than two texts can be trained on.
        """
        options, graph = self.options, with_pairs(graph, self.options)
        super().bind(graph, train, seed)
        self.learned_from, self.pairs = self.graph, training_pairs(graph, options, seed)
        self.trust: Tensor | None = None  # found once for metrics and graph; every step of training changes it
        self.batches = UniquePairBatches(
            self.pairs.sound, self.pairs.said, options.batch_size, seed, lambda: self.current_epoch
        )
        if not len(self.batches):
            raise GraphError("mltm: expected training sounds of at least two texts")
        sides = {"audio": options.audio, "text": options.text}
        self.projection = nn.ModuleDict({name: self._block(graph[node].x) for name, node in sides.items()})
        d = options.shared_channels
        metric = options.metric if options.loss == "mltm" else "euclidean"
        start = torch.eye(d) if metric == "full" else torch.ones(d)
        self.ground_metric = nn.Parameter(start, requires_grad=metric != "euclidean")

    def _block(self, x: Tensor) -> nn.Module:
        return nn.Sequential(
            nn.Linear(x.shape[1], self.options.hidden_channels),
            nn.ReLU(),
            nn.Dropout(self.options.dropout),
            nn.Linear(self.options.hidden_channels, self.options.shared_channels),
        )

    def train_dataloader(self) -> DataLoader[Any]:
        """Numbers of training pairs, neither a sound nor a text twice in a batch."""
        return DataLoader(torch.arange(len(self.pairs.sound)), batch_sampler=self.batches)  # type: ignore[arg-type]

    def embed(self, audio: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Unit rows of some sounds and some texts."""
        like = self.ground_metric
        parts = ((self.options.audio, audio.cpu()), (self.options.text, text.cpu()))
        rows = [self.graph[node].x[index].to(like.device, like.dtype) for node, index in parts]
        x, y = (self.projection[name](value) for name, value in zip(("audio", "text"), rows, strict=True))
        return F.normalize(at_least_single(x)), F.normalize(at_least_single(y))

    @torch.no_grad()
    def embedded(self, node: str, x: Tensor) -> Tensor:
        """Unit rows of new sounds or texts."""
        like = self.ground_metric
        block = self.projection["audio" if node == self.options.audio else "text"]
        return F.normalize(at_least_single(block(x.to(like.device, like.dtype)))).cpu()

    def take_graph(self, graph: HeteroData) -> None:
        """Rank the sounds and texts of another data set."""
        graph = with_classes(graph, self.options)
        for node in (self.options.audio, self.options.text):
            check_row_shape(node, graph[node].x, self.row_shape(node))
        self.graph = graph

    def new_nodes(self) -> tuple[str, ...]:
        """Sounds and texts."""
        return (self.options.audio, self.options.text)

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """The texts of the run that are nearest to new sounds, or its sounds that are nearest to new texts."""
        node = only_type(new)
        other = self.options.text if node == self.options.audio else self.options.audio
        gallery = row_names(self.graph, other), self.embedded(other, self.graph[other].x)
        return matched(node, new[node].name, self.embedded(node, new[node].x), {other: gallery})

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """The objective of one batch."""
        pairs = own_rows(batch.cpu())
        own = self.embed(self.pairs.sound[pairs], self.pairs.text[pairs])
        x, y = (gather_rows(rows, len(batch)) for rows in own)
        trusting = self.options.trust is not None and self.current_epoch >= self.options.trust_after
        loss, converged = self.objective(x, y, self.ground_metric, trusting=trusting)
        for name, value in (("train/loss", loss.detach()), ("train/not_converged", torch.tensor(float(not converged)))):
            self.log(name, value, on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Projected gradient: the metric stays positive semi-definite (Eq. 11, as a clamp of eigenvalues)."""
        self.trust = None
        if self.ground_metric.requires_grad:
            self.ground_metric.data.copy_(project_psd(self.ground_metric.data))

    def _splits(self) -> dict[str, tuple[Tensor, Tensor]]:
        return {split: found for split in SPLITS if (found := of_split(self.graph, self.options, split)) is not None}

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Retrieval over the sounds of each split and the texts of their classes; see `retrieval_metrics`."""
        trust = self._trust()
        found = {} if trust is None else trust_metrics(trust, self.pairs.wrong)
        return found | {name: value for split in SPLITS for name, value in self.measure(split).items()}

    @torch.no_grad()
    def measure(self, split: str) -> dict[str, float]:
        """The same of one split."""
        if (part := of_split(self.graph, self.options, split)) is None:
            return {}
        x, y = (embedded.cpu() for embedded in self.embed(*part))
        labels = (self.graph[self.options.audio].y[part[0]], self.graph[self.options.text].y[part[1]])
        found = retrieval_metrics(x, y, *labels, self.ground_metric.detach().cpu(), self.options.epsilon)
        return {f"{split}/{name}": value for name, value in found.items()}

    def trivial(self) -> Trivial:
        """The loss of equal embeddings, and the average precision of chance."""
        chance = {}
        for split, (rows, columns) in self._splits().items():
            sounds, texts = self.graph[self.options.audio].y[rows], self.graph[self.options.text].y[columns]
            for way, labels in (("audio_to_text", (sounds, texts)), ("text_to_audio", (texts, sounds))):
                chance[f"{split}/cosine/{way}_map"] = chance_average_precision(*labels)
        known = {name: value for name, value in chance.items() if value is not None}
        return Trivial(self.objective.of_equal_rows(self.batches.sizes), known, "chance")

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph with embeddings, couplings and trusted pairs; see `avgraph.methods.mltm.learned`."""
        splits = self._splits().values()
        result = coupled_graph(self.graph, self.options, splits, self.embed, self.ground_metric)
        if (trust := self._trust()) is not None:
            add_trusted_pairs(result, self.options, self.pairs, trust)
        return result

    def _trust(self) -> Tensor | None:
        """How much each training pair is trusted; None where all weigh alike, or another data set is ranked."""
        if self.options.trust is None or self.graph is not self.learned_from:
            return None

        def of_batch(batch: Sequence[int]) -> Tensor:
            x, y = self.embed(self.pairs.sound[batch], self.pairs.text[batch])
            return self.objective.weighed(x, y, self.ground_metric)[1].cpu()

        if self.trust is None:
            sound, said = self.pairs.sound, self.pairs.said
            self.trust = trust_of_pairs(sound, said, self.options.batch_size, self.seed, of_batch)
        return self.trust

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """MAP of texts found by sounds; see `retrieval_headline`."""
        split = judged_split(metrics, name := "cosine/audio_to_text_map")
        chance = None if split is None else self.trivial().metrics.get(f"{split}/{name}")
        if split is None or chance is None:
            return None
        sounds, texts = learned[self.options.audio], learned[self.options.text]
        return retrieval_headline(sounds, texts, *self._splits()[split], split, chance)

    def figures(self, learned: HeteroData, history: Sequence[Mapping[str, Any]]) -> dict[str, Draw]:
        """Shared space and matching of the test sounds, where there are any, and the trusted pairs."""
        return learned_figures(learned, self.options)
