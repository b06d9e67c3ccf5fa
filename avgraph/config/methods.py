"""Options of the methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.methods.lir.schedule import schedule_mistakes, teacher_epochs
from avgraph.options.base import Count, EdgeType, MethodOptions, Name, NonNegative, Positive, Rate


class RrnetOptions(MethodOptions):
    """RR-Net: relational reasoning over two intra graphs and one inter graph.

    Attributes:
        source, target: the two node types that candidate edges join.
        hidden_channels: width of all node and edge states.
        intra_units, inter_units: how many of each; they take turns, and what is left over comes last. Inter units
            alone hand what nodes know to the candidate edges.
        incidence: whether a node sees every edge it is an end of, or incoming ones only.
        baseline_logit: start from the log-probability that the encoder gives a candidate edge, where it gives one.
        loss: of the candidates of a source node against each other, or of every edge by itself.
        edge_score: give edges their similarity, and candidate edges the encoders' scores, where there are any.
        standardize: bring every feature to mean 0 and deviation 1 over the training nodes.
        product: where no encoder's probability is there to start from, add the product of the two ends' projections to
            the logit of an edge (not in the paper).
    """

    node_keys = ("source", "target")

    type: Literal["rrnet"] = "rrnet"
    source: Name = "audio"
    target: Name = "label"
    hidden_channels: Positive = 16
    intra_units: Count = 1
    inter_units: Positive = 1
    aggr: Literal["mean", "sum"] = "mean"
    incidence: Literal["both", "target"] = "both"
    reduction: Literal["mean", "sum"] = "mean"
    loss: Literal["bce", "cross_entropy"] = "cross_entropy"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    baseline_logit: bool = True
    edge_score: bool = True
    standardize: bool = True
    product: bool = True
    came_later: ClassVar[Mapping[str, Any]] = {"product": False}
    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 100,
        "optimizer": {"type": "adamw", "lr": 0.003, "weight_decay": 0.1},
        "schedule": "cosine",
    }

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """What it decides about: candidate edges."""
        return ((self.source, "candidate", self.target),)

    def classified(self) -> str:
        """The sources: which target is each one's?"""
        return self.source


class LirOptions(MethodOptions):
    """AV-SAL teacher, dependency graph of its logits, student with the latent interaction regulariser.

    Attributes:
        audio, visual, concept: the node types; node i of the first two is clip i.
        hidden_channels, layers, dropout: of the encoder of each modality.
        batch_size: clips per step.
        standardize: bring every feature to mean 0 and deviation 1 over the training clips.
        loss: metric loss across modalities.
        margin: of that loss; 'n_pair' has none.
        proxies: whether the metric loss sees proxies by cross-attention, in training alone.
        mask_own_pair: whether a proxy may not see the clip's own pair.
        semantic_alignment: whether soft labels are drawn to the annotation (AV-SAL).
        teacher_epochs: epochs before the graph is inferred; the student trains on from there. None is two fifths of
            all, as in the paper (400 of 1000).
        interaction_weight: of the regulariser; 0 leaves it out.
        threshold: of a soft label, above which a concept is active.
        intra_weight, inter_weight: of graph edges within a modality and across.
        weighting: mean over pairs of active clips, or over all, weighted by soft labels.
        dependencies: graph inferred from the teacher, one in the data, a random one as dense, each class with itself.
        restarts, penalty_discount, l1, ridge: of the search and the weights (see avgraph.dag).
        signs: of weights that become edges: the size of all, as published, or positive ones only.
        snapshot_epochs: further epochs after which a graph is inferred, for edge frequencies over training.
        insertion_epochs: M of further students, trained beside the first, that differ in when they get their graph.
        measure_every: epochs between measurements of MAP during training; 0 for none.
    """

    node_keys = ("audio", "visual")

    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 100,
        "optimizer": {"type": "adamw", "lr": 3e-3, "weight_decay": 5e-4},
    }

    type: Literal["lir"] = "lir"
    audio: Name = "audio"
    visual: Name = "visual"
    concept: Name = "concept"
    hidden_channels: Positive = 256
    layers: Positive = 3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.15
    batch_size: Annotated[int, Field(ge=2)] = 128
    standardize: bool = True
    loss: Literal["triplet", "hard_triplet", "contrastive", "n_pair"] = "triplet"
    margin: Rate = 1.2
    proxies: bool = True
    mask_own_pair: bool = False
    semantic_alignment: bool = True
    teacher_epochs: Count | None = None
    interaction_weight: NonNegative = 0.005
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    intra_weight: NonNegative = 0.1
    inter_weight: NonNegative = 0.4
    weighting: Literal["hard", "soft"] = "hard"
    dependencies: Literal["inferred", "given", "random", "identity"] = "inferred"
    restarts: Positive = 5
    penalty_discount: Rate = 1.0
    l1: NonNegative = 0.0
    ridge: Rate | None = None
    signs: Literal["absolute", "positive"] = "absolute"
    snapshot_epochs: list[Positive] = Field(default=[])
    insertion_epochs: list[Positive] = Field(default=[])
    measure_every: Count = 0

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """The graph between concepts, where it is to be given."""
        return ((self.concept, "drives", self.concept),) if self.dependencies == "given" else ()

    def training_mistakes(self, epochs: int) -> list[tuple[str, str]]:
        """Stages that would never come."""
        start = teacher_epochs(self.teacher_epochs, epochs)
        regularised = self.interaction_weight > 0
        return schedule_mistakes(epochs, start, self.snapshot_epochs, self.insertion_epochs, regularised=regularised)

    def unused(self) -> dict[str, str]:
        """The margin of a loss without one."""
        return {"margin": "the loss 'n_pair' has no margin"} if self.loss == "n_pair" else {}


class MltmOptions(MethodOptions):
    """m-LTM: projections and a ground metric learned through optimal-transport couplings, and its baselines.

    Attributes:
        audio, text: the node types; a sound belongs to the texts of its class, or to its own captions.
        hidden_channels, shared_channels, dropout: of the projection of each side.
        metric: full matrix, diagonal (what the published code computes) or none; only of the loss ``mltm``.
        loss: ``mltm``, or a baseline on the same batches.
        epsilon: weight of the entropy of a coupling, of costs whose largest is 1; of every loss: all rank by one.
        mass: share of a batch that is coupled, for noisy pairs; none couples all; only of the loss ``mltm``.
        temperature: of ``info_nce`` and ``info_nce_entropy``.
        entropy_weight: of ``info_nce_entropy``; ``margin``: of ``triplet``.
        batch_size: most pairs per batch; no text, and no two texts of one sound, in one.
        noise: share of the training pairs that are shuffled.
        threshold: least mass of an edge of the learned graph, as a share of 1/max(n, m).
        train_sounds: most training sounds that are ranked and coupled when training is over, evenly spaced.
    """

    node_keys = ("audio", "text")

    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 30,
        "optimizer": {"type": "adamw", "lr": 1e-3, "weight_decay": 5e-4},
    }

    type: Literal["mltm"] = "mltm"
    audio: Name = "audio"
    text: Name = "text"
    hidden_channels: Positive = 1024
    shared_channels: Positive = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    metric: Literal["full", "diagonal", "euclidean"] = "full"
    loss: Literal["mltm", "info_nce", "info_nce_entropy", "triplet"] = "mltm"
    epsilon: Rate = 0.05
    mass: Annotated[float, Field(gt=0, le=1)] | None = None
    temperature: Rate = 0.07
    entropy_weight: NonNegative = 0.05
    margin: Rate = 0.2
    batch_size: Annotated[int, Field(ge=2)] = 128
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.01
    train_sounds: Positive = 2000

    def unused(self) -> dict[str, str]:
        """Options of another loss."""
        owners = {
            "metric": (("mltm",), "learns a ground metric"),
            "mass": (("mltm",), "couples a part of the mass"),
            "temperature": (("info_nce", "info_nce_entropy"), "has a temperature"),
            "entropy_weight": (("info_nce_entropy",), "has an entropy term"),
            "margin": (("triplet",), "has a margin"),
        }
        return {
            key: f"only the loss {' or '.join(map(repr, losses))} {does}, not '{self.loss}'"
            for key, (losses, does) in owners.items()
            if self.loss not in losses
        }
