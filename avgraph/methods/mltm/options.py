"""Options of m-LTM and of the baselines beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.options.base import MethodOptions
from avgraph.options.values import Count, Name, NonNegative, Positive, Rate, Share

if TYPE_CHECKING:
    import avgraph.methods.mltm.task


class MltmOptions(MethodOptions):
    """m-LTM: projections and a ground metric learned through optimal-transport couplings, and its baselines.

    Attributes:
        audio: node type of the sounds; a sound belongs to the texts of its class, or to its own captions.
        text: node type of the texts.
        hidden_channels: width of the hidden layer of each side's projection.
        shared_channels: width of the shared space.
        dropout: behind the hidden layer.
        metric: full matrix, diagonal (what the published code computes) or none; only of the loss ``mltm``.
        loss: ``mltm``, or a baseline on the same batches.
        epsilon: weight of the entropy of a coupling, of costs whose largest is 1; of every loss: all rank by one.
        mass: share of a batch that is coupled, the paper's way with wrong pairs; none couples all; only of the loss
            ``mltm``. Its target stays I/b, so that pairs which are left out are drawn together the hardest and true
            ones are pushed apart: ``trust`` is the remedy.
        trust: how pairs weigh where some are wrong: by their mass in a partial coupling, or those of smallest loss
            alone; none lets all weigh alike.
        trusted: share of a batch that is trusted: the mass of the partial coupling, or of the pairs that are kept.
        trust_after: epochs before, in which all pairs weigh alike.
        temperature: of the losses ``info_nce…``.
        entropy_weight: of the entropy term (Eq. 14) of ``info_nce_entropy``: it rewards the entropy of the texts given
            a sound, in this one direction.
        reverse_weight: of the reverse cross-entropy (Wang et al., 2019) of ``info_nce_reverse``.
        margin: of ``triplet``, on squared distances of unit rows.
        batch_size: most pairs per batch; no text, and no two texts of one sound, in one, so never more than texts.
        relation: of the edges from sounds to texts that are the pairs; made, from sounds and texts of one ``y``, where
            the graph has none.
        noise: share of the training pairs that are shuffled, by the seed of the run; `CorruptEdges` has other kinds.
        threshold: least mass of an edge of the learned graph, as a share of 1/max(n, m).
        train_sounds: most training sounds that are ranked and coupled when training is over, evenly spaced.
    """

    node_keys = ("audio", "text")
    came_later: ClassVar[Mapping[str, Any]] = {
        "relation": "described", "trust": None, "trusted": 0.6, "trust_after": 5, "reverse_weight": 1.0,
    }  # fmt: skip
    chosen_by: ClassVar[str] = "cosine/audio_to_text_recall_at_1"
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
    loss: Literal["mltm", "info_nce", "info_nce_entropy", "info_nce_reverse", "triplet"] = "mltm"
    epsilon: Rate = 0.05
    mass: Annotated[float, Field(gt=0, le=1)] | None = None
    trust: Literal["partial", "small_loss"] | None = None
    trusted: Annotated[float, Field(gt=0, le=1)] = 0.6
    trust_after: Count = 5
    temperature: Rate = 0.07
    entropy_weight: NonNegative = 0.05
    reverse_weight: NonNegative = 1.0
    margin: Rate = 0.2
    batch_size: Annotated[int, Field(ge=2)] = 128
    relation: Name = "described"
    noise: Share = 0.0
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.01
    train_sounds: Positive = 2000

    def task(self) -> avgraph.methods.mltm.task.MLTMTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.mltm.task import MLTMTask

        return MLTMTask(self)

    def undivided(self) -> None:
        """Each process takes some of the pairs of a batch."""

    def training_mistakes(self, epochs: int) -> list[tuple[str, str]]:
        """Trust that would never come; 0 epochs train nothing.

        Example:
            >>> MltmOptions(trust="partial").training_mistakes(5)
            [('trust_after', 'expected fewer epochs than train.epochs, 5, got 5: no pair would be weighed by trust')]
        """
        if self.trust is None or not epochs or self.trust_after < epochs:
            return []
        told = f"expected fewer epochs than train.epochs, {epochs}, got {self.trust_after}"
        return [("trust_after", f"{told}: no pair would be weighed by trust")]

    def unused(self) -> dict[str, str]:
        """Options of another loss, and those of pairs that are trusted."""
        owners = {
            "metric": (("mltm",), "learns a ground metric"),
            "mass": (("mltm",), "couples a part of the mass"),
            "trust": (("mltm", "info_nce"), "is a sum over pairs"),
            "temperature": (("info_nce", "info_nce_entropy", "info_nce_reverse"), "has a temperature"),
            "entropy_weight": (("info_nce_entropy",), "has an entropy term"),
            "reverse_weight": (("info_nce_reverse",), "has a reverse cross-entropy"),
            "margin": (("triplet",), "has a margin"),
        }
        found = {
            key: f"only the loss {' or '.join(map(repr, losses))} {does}, not '{self.loss}'"
            for key, (losses, does) in owners.items()
            if self.loss not in losses
        }
        if self.trust is None:
            found |= dict.fromkeys(("trusted", "trust_after"), "all pairs weigh alike (trust is none)")
        elif self.trust == "partial" and self.loss == "info_nce":
            found["trust"] = "a partial coupling is of the loss 'mltm'; 'small_loss' is of both"
        if self.trust is not None and self.loss == "mltm":
            found["mass"] = "the loss is that of the whole coupling, weighed by trust"
        return found
