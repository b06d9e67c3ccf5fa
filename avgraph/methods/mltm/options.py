"""Options of m-LTM and of the baselines beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.options.base import MethodOptions
from avgraph.options.values import Name, NonNegative, Positive, Rate

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
        mass: share of a batch that is coupled, for noisy pairs; none couples all; only of the loss ``mltm``.
        temperature: of ``info_nce`` and ``info_nce_entropy``.
        entropy_weight: of the entropy term (Eq. 14) of ``info_nce_entropy``.
        margin: of ``triplet``, on squared distances of unit rows.
        batch_size: most pairs per batch; no text, and no two texts of one sound, in one.
        relation: of the edges from sounds to texts that are the pairs; made, from sounds and texts of one ``y``, where
            the graph has none.
        noise: share of the training pairs that are shuffled, by the seed of the run; `CorruptEdges` has other kinds.
        threshold: least mass of an edge of the learned graph, as a share of 1/max(n, m).
        train_sounds: most training sounds that are ranked and coupled when training is over, evenly spaced.
    """

    node_keys = ("audio", "text")
    came_later: ClassVar[Mapping[str, Any]] = {"relation": "described"}
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
    loss: Literal["mltm", "info_nce", "info_nce_entropy", "triplet"] = "mltm"
    epsilon: Rate = 0.05
    mass: Annotated[float, Field(gt=0, le=1)] | None = None
    temperature: Rate = 0.07
    entropy_weight: NonNegative = 0.05
    margin: Rate = 0.2
    batch_size: Annotated[int, Field(ge=2)] = 128
    relation: Name = "described"
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.01
    train_sounds: Positive = 2000

    def task(self) -> avgraph.methods.mltm.task.MLTMTask:
        """The method, to be bound to a graph."""
        from avgraph.methods.mltm.task import MLTMTask

        return MLTMTask(self)

    def undivided(self) -> None:
        """Each process takes some of the pairs of a batch."""

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
