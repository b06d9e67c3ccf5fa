"""The whole network: backbone and hearing are shared, a prior branch that is used and a posterior one that teaches."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from avgraph.methods.mmvae.backbone import build_backbone
from avgraph.methods.mmvae.decoder import STAGES, Branch, Decoded
from avgraph.methods.mmvae.latents import mean_of, sample_of
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.scene import Scene
from avgraph.methods.mmvae.sound_encoder import SoundEncoder
from avgraph.nn.fusion import AudioAttention
from avgraph.nn.mask_losses import MutualInformation


def placed(encoded: Tensor, audio: Tensor) -> Tensor:
    """The sound of each frame: the encoded one that ``audio`` numbers; 0 where it is −1.

    Shapes:
        encoded [a, d], audio [f] → [f, d]

    Example:
        >>> placed(torch.tensor([[1.0], [2.0]]), torch.tensor([1, -1])).flatten()
        tensor([2., 0.])
    """
    return torch.cat([encoded, encoded.new_zeros(1, encoded.shape[1])])[audio]  # −1 is the last row


class Network(nn.Module):
    """MMVAE-AVS on frames and encoded sounds.

    Args:
        options: of the method.
        sound_encoder: see `avgraph.methods.mmvae.sound_encoder`.
        classes: of the sounds; 0 where nobody named them.
    """

    def __init__(self, options: MmvaeOptions, sound_encoder: SoundEncoder, classes: int = 0) -> None:
        super().__init__()
        width, heard = options.neck_channels, options.audio_channels
        self.backbone = build_backbone(options.backbone, options.width, options.pretrained)
        self.sound_encoder = sound_encoder
        self.frozen = options.audio_frozen
        if self.frozen:
            sound_encoder.requires_grad_(False)
        self.naming = nn.Linear(heard, classes) if classes and options.class_weight > 0 else None
        self.lateral = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in self.backbone.channels)
        attends = options.listening in ("attention", "both")
        self.listen = nn.ModuleList(nn.Linear(heard, width) for _ in range(STAGES if attends else 0))
        self.attention = nn.ModuleList(
            AudioAttention(width, options.attention_channels) for _ in range(STAGES if attends else 0)
        )
        joined = options.listening in ("concatenation", "both")
        self.concatenate = nn.Conv2d(width + heard, width, 1) if joined else None
        self.prior = Branch(options, heard, posterior=False)
        self.posterior = Branch(options, heard, posterior=True) if options.latent else None
        both = options.latent and options.factorisation == "full" and options.audio_latent
        self.information = None
        if both and options.mutual_information_weight > 0:
            self.information = MutualInformation(options.latent_channels, official=options.official_mi)

    def train(self, mode: bool = True) -> Network:
        """Training mode for all but a frozen sound encoder."""
        super().train(mode)
        if self.frozen:
            self.sound_encoder.eval()
        return self

    def look(self, scene: Scene, *, attention: bool = False) -> Scene:
        """The scene with its maps; ``attention``: also what attends to what."""
        maps = [side(part) for side, part in zip(self.lateral, self.backbone(scene.frame), strict=True)]
        found = []
        for stage, (listen, attend) in enumerate(zip(self.listen, self.attention, strict=True)):
            maps[stage], weights = attend(
                maps[stage], listen(scene.sound), scene.clip, heard=scene.heard, return_attention=attention
            )
            found.append(weights)
        if self.concatenate is not None:
            height, width = maps[-1].shape[2:]
            broad = scene.sound[:, :, None, None].expand(-1, -1, height, width)
            maps[-1] = self.concatenate(torch.cat([maps[-1], broad], 1))
        return replace(scene, maps=tuple(maps), attention=tuple(found) if attention else ())

    def forward(self, scene: Scene) -> Decoded:
        """Masks by the mean of the prior."""
        decoded: Decoded = self.prior(self.look(scene), mean_of)
        return decoded

    def samples(self, scene: Scene, count: int) -> Tensor:
        """Probabilities by samples from the prior [count, f, h, w]; without latents all are alike."""
        looked, size = self.look(scene), (scene.frame.shape[2], scene.frame.shape[3])
        maps, latents = self.prior.necked(looked), self.prior.latents(looked)
        return torch.stack([self.prior.decode(maps, latents, sample_of, size).probability for _ in range(count)])
