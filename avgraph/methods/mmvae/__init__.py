"""MMVAE-AVS: which pixels of a picture sound, with latents of picture, sound and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.mmvae.options import MmvaeOptions
    from avgraph.methods.mmvae.task import MMVAETask

__all__ = ["MMVAETask", "MmvaeOptions"]

__getattr__, __dir__ = exports(__name__, {"options": ["MmvaeOptions"], "task": ["MMVAETask"]})
