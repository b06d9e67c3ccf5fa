"""MMVAE-AVS: which pixels of a picture sound, with latents of picture, sound and what they share."""

from avgraph.methods.mmvae.task import MMVAETask

__all__ = ["MMVAETask"]
