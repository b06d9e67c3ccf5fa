"""Losses of a mask and of the latents behind it."""

from __future__ import annotations

from avgraph.nn.mask_losses.mask_likelihood import mask_log_likelihood
from avgraph.nn.mask_losses.matching import matching_divergence
from avgraph.nn.mask_losses.mutual_information import MutualInformation
from avgraph.nn.mask_losses.orthogonality import orthogonality

__all__ = ["MutualInformation", "mask_log_likelihood", "matching_divergence", "orthogonality"]
