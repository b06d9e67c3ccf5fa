"""Options of LIR, and when its stages begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import MEASURED_BY_TRAIN, MethodOptions
from avgraph.options.dependency_search import DependencySearch
from avgraph.options.values import Count, Name, NonNegative, Positive, Rate, Share

if TYPE_CHECKING:
    import avgraph.methods.lir.task

_RUNS = "train a run for each M, with method.teacher_epochs: M, and one with method.interaction_weight: 0"


class LirOptions(DependencySearch, MethodOptions):
    """AV-SAL teacher, dependency graph of its logits, student with the latent interaction regulariser.

    Attributes:
        audio: node type of the sounds; node i is clip i.
        visual: node type of the pictures; node i is clip i.
        concept: node type of the classes, as heard and as seen; made where there is none.
        hidden_channels: width of the layers of each modality's encoder.
        layers: how many it has.
        dropout: behind each.
        batch_size: clips per step.
        standardize: bring every feature to mean 0 and deviation 1 over the training clips.
        loss: metric loss across modalities.
        margin: of that loss; 'n_pair' has none.
        triplet_mean: of the loss 'triplet': over all triplets, or over anchors, each the mean of its own, as in the
            paper; they differ where classes do in size.
        false_negatives: of the student's loss 'triplet': how much less a negative counts that shares a class with the
            anchor by the teacher's soft labels; 1 leaves out what surely does.
        proxies: whether the metric loss sees proxies by cross-attention, in training alone.
        mask_own_pair: whether a proxy may not see the clip's own pair.
        semantic_alignment: whether soft labels are drawn to the annotation (AV-SAL, Eq. 1).
        distillation: how far the student's are drawn to the teacher's where a class is not annotated, at the end; the
            share rises evenly from 0 where the student starts (progressive self-distillation).
        teacher_epochs: epochs before the graph is inferred; the student trains on from there. None is two fifths of
            all, as in the paper (400 of 1000).
        interaction_weight: of the regulariser (γ of Eq. 8); 0 leaves it out, the graph is inferred all the same.
        threshold: of a soft label, above which a concept is active.
        intra_weight: of graph edges within a modality.
        inter_weight: of graph edges across modalities.
        weighting: mean over pairs of active clips, or over all, weighted by soft labels.
        dependencies: graph inferred from the teacher, one in the data, a random one as dense, the inferred one with its
            classes exchanged, each class with itself; none is that in the data, (concept, drives, concept), where they
            have one, and else inferred.
        stability: least share of the snapshots up to the student's start that must have an edge of the inferred graph,
            in either direction (5/7 in the paper, of snapshots that lie after this start too); 0 keeps all.
        snapshot_epochs: further epochs after which a graph is inferred, for edge frequencies over training (Eq. 9).

    Example:
        >>> LirOptions().student_starts(1000), LirOptions(teacher_epochs=3).student_starts(5)
        (400, 3)
    """

    node_keys = ("audio", "visual")
    gone: ClassVar[Mapping[str, str]] = {"insertion_epochs": _RUNS, "measure_every": MEASURED_BY_TRAIN}
    moved: ClassVar[Mapping[str, str]] = {"measure_every": "measure_every"}
    came_later: ClassVar[Mapping[str, Any]] = {
        "triplet_mean": "triplets", "false_negatives": 0.0, "distillation": 0.0, "stability": 0.0,
    }  # fmt: skip
    chosen_by: ClassVar[str] = "map"
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
    triplet_mean: Literal["triplets", "anchors"] = "triplets"
    false_negatives: Share = 0.0
    proxies: bool = True
    mask_own_pair: bool = False
    semantic_alignment: bool = True
    distillation: Share = 0.0
    teacher_epochs: Count | None = None
    interaction_weight: NonNegative = 0.005
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    intra_weight: NonNegative = 0.1
    inter_weight: NonNegative = 0.4
    weighting: Literal["hard", "soft"] = "hard"
    dependencies: Literal["inferred", "given", "random", "permuted", "identity"] | None = None
    stability: Share = 0.0
    snapshot_epochs: list[Positive] = Field(default=[])

    @property
    def nodes(self) -> tuple[str, str, str]:
        """Types of audio, visual and concept nodes."""
        return (self.audio, self.visual, self.concept)

    def task(self) -> avgraph.methods.lir.task.LIRTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.lir.task import LIRTask

        return LIRTask(self)

    def undivided(self) -> None:
        """Each process takes some of the clips of a batch."""

    def needed_edges(self) -> tuple[EdgeType, ...]:
        """The graph between concepts, where it is to be given."""
        return (self.drives,) if self.dependencies == "given" else ()

    @property
    def drives(self) -> EdgeType:
        """The edges of the graph between concepts."""
        return (self.concept, "drives", self.concept)

    def resolved(self, own_graph: bool) -> LirOptions:
        """The same for data with a graph between concepts of their own, or without.

        Example:
            >>> LirOptions().resolved(True).dependencies, LirOptions().resolved(False).dependencies
            ('given', 'inferred')
        """
        if self.dependencies is not None:
            return self
        return self.model_copy(update={"dependencies": "given" if own_graph else "inferred"})

    def student_starts(self, epochs: int) -> int:
        """Epochs before the student, of so many in all."""
        return 2 * epochs // 5 if self.teacher_epochs is None else self.teacher_epochs

    def chosen_from(self, epochs: int) -> int:
        """The student's first epoch: before, there is no graph."""
        start = self.student_starts(epochs)
        return start if start < epochs else 0

    def training_mistakes(self, epochs: int) -> list[tuple[str, str]]:
        """Stages that would silently never come; 0 epochs train nothing and have no schedule.

        Example:
            >>> LirOptions(snapshot_epochs=[5]).training_mistakes(5)
            [('snapshot_epochs', 'expected epochs below train.epochs, 5, got 5')]
        """
        if epochs == 0:
            return []
        found, start = [], self.student_starts(epochs)
        students = [name for name in ("interaction_weight", "distillation", "false_negatives") if getattr(self, name)]
        if students and epochs <= start:
            told = f"expected fewer than train.epochs, {epochs}, got {start}: the student never starts"
            found.append(("teacher_epochs", f"{told}; or set method.{' and method.'.join(students)} to 0"))
        if self.stability > 0 and self.searches and not any(epoch <= start for epoch in self.snapshot_epochs):
            told = f"expected snapshot_epochs of at most {start}, where the student starts, to count over"
            found.append(("stability", f"{told}, got {self.snapshot_epochs}"))
        if late := [epoch for epoch in self.snapshot_epochs if epoch >= epochs]:
            found.append(("snapshot_epochs", f"expected epochs below train.epochs, {epochs}, got {late[0]}"))
        return found

    @property
    def searches(self) -> bool:
        """Whether a graph may be searched for the student; after ``snapshot_epochs`` one always is."""
        return self.dependencies in (None, "inferred", "random", "permuted")

    def unused(self) -> dict[str, str]:
        """What another option leaves without effect."""
        found: dict[str, str] = {}
        if self.loss == "n_pair":
            found["margin"] = "the loss 'n_pair' has no margin"
        if self.loss != "triplet":
            found |= dict.fromkeys(("triplet_mean", "false_negatives"), f"the loss is '{self.loss}', not 'triplet'")
        if not self.semantic_alignment:
            found["distillation"] = "soft labels are drawn to nothing (semantic_alignment is false)"
        if not self.proxies:
            found["mask_own_pair"] = "there are no proxies (proxies is false)"
        if self.interaction_weight == 0:
            why = "nothing is regularised (interaction_weight is 0)"
            found |= dict.fromkeys(("intra_weight", "inter_weight", "weighting"), why)
        elif self.dependencies == "identity":
            found["intra_weight"] = "the graph 'identity' has no edges within a modality"
        if not self.searches and not self.snapshot_epochs:
            why = f"no graph is searched (dependencies is '{self.dependencies}')"
            found |= dict.fromkeys(("restarts", "penalty_discount", "l1", "ridge", "signs"), why)
        if not self.searches:
            found["stability"] = f"no graph is searched for the student (dependencies is '{self.dependencies}')"
        return found
