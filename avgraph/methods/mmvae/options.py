"""Options of MMVAE-AVS, the method that masks the pixels of the object that sounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from avgraph.options.base import MEASURED_BY_TRAIN, MethodOptions
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Count, NonNegative, Positive, Rate, Share

if TYPE_CHECKING:
    import avgraph.methods.mmvae.task

_NO_LATENT = "only a model with latents has it (latent is false)"
_LATENT = (
    "latent_channels", "factorisation", "audio_latent", "shared", "fusion", "combination", "reconstruction",
    "divergence", "beta", "posterior_weight", "orthogonality_weight", "mutual_information_weight", "official_mi",
    "samples",
)  # fmt: skip


class MmvaeOptions(MethodOptions):
    """MMVAE-AVS: a network that masks what sounds, with latent variables of picture, sound and what they share.

    Attributes:
        backbone: of the pictures; ``small`` is for CPUs, the others come from timm (extra ``[vision]``).
        pretrained: whether timm fetches the backbone's ImageNet weights.
        width: channels of the first stage of the small backbone; its last has eight times as many.
        size: pictures are brought to this many pixels a side; none leaves them as the data set gives them.
        neck_channels: of all four feature maps where sound and picture meet.
        listening: how the feature maps hear: ``attention`` (TPAVI) at all four stages, ``concatenation`` of the sound
            with the coarsest map, ``both``, or ``none``, which leaves the sound to the latents.
        attention_channels: of that attention.
        audio_encoder: ``modulation`` spectra under a small network, a ``cnn`` on the log-mels, or ``vggish`` for
            seconds of 96 × 64. Sounds that are vectors already need none.
        audio_weights: weights of that encoder, a file of tensors.
        audio_frozen: train it no further than these weights.
        audio_channels: width of a sound.
        audio_dropout: of what the sound's encoder sees, in training.
        class_weight: of naming the class of a sound, where the sounds have classes (not in the paper); 0 leaves it out.
        class_batch: training sounds a step that are named beside those of the batch.
        latent: whether there are latents at all.
        latent_channels: of each of them.
        factorisation: ``full``, one latent of the picture, one of the sound and a shared one; ``none`` merges picture
            and sound into one joint code; ``single`` is the shared encoder alone.
        audio_latent: whether the sound has a latent of its own.
        shared: encoder of the shared latent: one that sees both (``joint``, as published), or an expert a modality.
        fusion: of those experts.
        combination: of a modality's own latent with the shared one: ``linear``, or their ``product`` with N(0, 1).
        reconstruction: decode from all latents at once, or once for each modality (after Eq. 11: the mean of
            both, each of feature maps that have met the sound).
        divergence: of the shared latent.
        gamma: weight of the reconstruction.
        beta: weight of the divergences.
        prior_weight: of the reconstruction by the branch that is used.
        posterior_weight: of the reconstruction by the branch that sees the mask.
        orthogonality_weight: of the term that keeps the shared latent apart from the others; 0 leaves it out.
        mutual_information_weight: of the term that ties picture and sound together; 0 leaves it out.
        matching_weight: of the divergence of what the predicted mask's patches say from what the sound says, at every
            stage of the attention (AVSBench's, .5 there; not in the paper); 0 leaves it out.
        official_bce: the cross-entropy as the release computes it, whose edge weights cancel.
        official_mi: that term as the release computes it, whose variance runs to its bound.
        batch_size: clips per step.
        flip: share of the clips that are mirrored in training, all frames together.
        colour: strength of random brightness and contrast in training, of all frames of a clip together.
        gradient_norm: longest gradient of a step: a divergence can leap where a variance vanishes; none is any.
        missing_audio: share of the clips that are trained without their audio, so that the model knows what to do then:
            dropped edges, which are not silence.
        samples: masks drawn from the prior for the uncertainty of the results.
        graph_clips: test clips whose learned graph is kept, and as many that are drawn.
    """

    path_keys = ("audio_weights",)
    gone: ClassVar[Mapping[str, str]] = {"measure_every": MEASURED_BY_TRAIN}
    moved: ClassVar[Mapping[str, str]] = {"measure_every": "measure_every"}
    chosen_by: ClassVar[str] = "miou"
    train_defaults: ClassVar[Mapping[str, Any]] = {
        "epochs": 30,
        "optimizer": {"type": "adamw", "lr": 2e-3, "weight_decay": 0.01},
        "schedule": "one_cycle",
    }

    type: Literal["mmvae"] = "mmvae"
    backbone: Literal["small", "resnet50", "pvt_v2_b5"] = "small"
    pretrained: bool = False
    width: Positive = 16
    size: Annotated[int, Field(ge=64)] | None = None
    neck_channels: Annotated[int, Field(ge=4)] = 32
    listening: Literal["attention", "concatenation", "both", "none"] = "attention"
    attention_channels: Positive = 32
    audio_encoder: Literal["modulation", "cnn", "vggish"] = "modulation"
    audio_weights: FilePath | None = None
    audio_frozen: bool = False
    audio_channels: Positive = 128
    audio_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    class_weight: NonNegative = 0.5
    class_batch: Count = 64
    latent: bool = True
    latent_channels: Positive = 16
    factorisation: Literal["full", "none", "single"] = "full"
    audio_latent: bool = True
    shared: Literal["joint", "experts"] = "joint"
    fusion: Literal["product", "geometric", "mixture"] = "product"
    combination: Literal["linear", "product"] = "linear"
    reconstruction: Literal["joint", "per_modality"] = "joint"
    divergence: Literal["js", "kl"] = "js"
    gamma: NonNegative = 1.0
    beta: NonNegative = 0.01
    prior_weight: NonNegative = 1.0
    posterior_weight: NonNegative = 1.0
    orthogonality_weight: NonNegative = 0.001
    mutual_information_weight: NonNegative = 0.001
    matching_weight: NonNegative = 0.0
    official_bce: bool = False
    official_mi: bool = False
    batch_size: Annotated[int, Field(ge=1)] = 8
    flip: Share = 0.5
    colour: Annotated[float, Field(ge=0, lt=1)] = 0.0
    gradient_norm: Rate | None = 5.0
    missing_audio: Annotated[float, Field(ge=0, lt=1)] = 0.1
    samples: Positive = 8
    graph_clips: Count = 4

    def task(self) -> avgraph.methods.mmvae.task.MMVAETask:
        """The method, to be bound to a graph."""
        from avgraph.methods.mmvae.task import MMVAETask

        return MMVAETask(self)

    def undivided(self) -> None:
        """Each process takes some of the clips of a batch."""

    def restored(self) -> MmvaeOptions:
        """A checkpoint has all weights, those that were published too."""
        return self.model_copy(update={"audio_weights": None, "pretrained": False})

    def inputs(self) -> Iterator[Input]:
        """The file of the sound encoder's weights."""
        return named(("audio_weights",), self.audio_weights, "weights")

    def unused(self) -> dict[str, str]:
        """What another option leaves without effect."""
        found: dict[str, str] = {}
        if self.backbone == "small":
            found["pretrained"] = "the small backbone has no published weights"
        else:
            found["width"] = "only the small backbone has it"
        if self.listening not in ("attention", "both"):
            why = f"there is no attention (listening is '{self.listening}')"
            found |= dict.fromkeys(("attention_channels", "matching_weight"), why)
        if self.audio_encoder != "modulation":
            found["audio_dropout"] = "only the network on modulation spectra has it"
        if self.audio_weights is None:
            found["audio_frozen"] = "there are no weights to keep (audio_weights is not set)"
        if self.class_weight == 0:
            found["class_batch"] = "no sound is named (class_weight is 0)"
        if not self.latent:
            return found | dict.fromkeys(_LATENT, _NO_LATENT)
        if self.factorisation != "full":
            only = f"only the factorisation 'full' has it, not '{self.factorisation}'"
            found |= dict.fromkeys(("audio_latent", "combination", "reconstruction"), only)
            found |= dict.fromkeys(("orthogonality_weight", "mutual_information_weight", "official_mi"), only)
        if self.factorisation == "none":
            found |= dict.fromkeys(("shared", "fusion", "divergence"), "there is no shared latent")
        elif self.shared != "experts":
            found["fusion"] = "one joint encoder has nothing to fuse (shared is 'joint')"
        if self.factorisation == "full" and not self.audio_latent:
            why = "needs the latent of the sound (audio_latent is false)"
            found |= dict.fromkeys(("reconstruction", "mutual_information_weight", "official_mi"), why)
        if "official_mi" not in found and self.mutual_information_weight == 0:
            found["official_mi"] = "there is no such term (mutual_information_weight is 0)"
        return found
