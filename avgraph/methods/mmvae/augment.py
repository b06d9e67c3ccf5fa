"""What training does to the pictures of a clip: to all its frames and masks alike."""

from __future__ import annotations

from dataclasses import replace

import torch

from avgraph.methods.mmvae.clips import Batch


def augmented(batch: Batch, count: int, flip: float, colour: float, missing_audio: float) -> Batch:
    """Mirror some clips, change brightness and contrast, take the sound from some; by torch's own random state.

    Args:
        batch: whole clips, of which the frames of some may be with other ranks.
        count: of the clips in all, for which is drawn.
        flip: share of the clips that are mirrored.
        colour: strength: brightness and contrast change by up to this share.
        missing_audio: share of the clips that lose their audio.
    """
    frame, mask, audio = batch.frame, batch.mask, batch.audio
    if flip:
        mirrored = (torch.rand(count) < flip)[batch.clip]
        frame = torch.where(mirrored[:, None, None, None], frame.flip(3), frame)
        mask = torch.where(mirrored[:, None, None], mask.flip(2), mask)
    if colour:
        brightness, contrast = (colour * (2 * torch.rand(count) - 1)[batch.clip][:, None, None, None] for _ in range(2))
        mean = frame.mean((1, 2, 3), keepdim=True)
        frame = ((frame - mean) * (1 + contrast) + mean + brightness / 2).clamp(0, 1)
    if missing_audio:
        audio = torch.where((torch.rand(count) < missing_audio)[batch.clip], -1, audio)
    return replace(batch, frame=frame, mask=mask, audio=audio)
