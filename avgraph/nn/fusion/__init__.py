"""Gaussian experts fused to one, how far Gaussians are apart, and the attention of sounds on pictures."""

from __future__ import annotations

from avgraph.nn.fusion.aggregation import ExpertAggregation
from avgraph.nn.fusion.attention_edges import attention_edges
from avgraph.nn.fusion.audio_attention import AudioAttention
from avgraph.nn.fusion.experts import geometric_mean_of_experts, mixture_moments, product_of_experts
from avgraph.nn.fusion.gaussian import Gaussian, gaussian_kl
from avgraph.nn.fusion.jensen_shannon import geometric_js, mm_js

__all__ = [
    "AudioAttention",
    "ExpertAggregation",
    "Gaussian",
    "attention_edges",
    "gaussian_kl",
    "geometric_js",
    "geometric_mean_of_experts",
    "mixture_moments",
    "mm_js",
    "product_of_experts",
]
