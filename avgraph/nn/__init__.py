"""Message-passing layers, couplings and losses: the arithmetic of every method."""

from __future__ import annotations

from avgraph.nn.alignment_gap import alignment_gap
from avgraph.nn.contrastive import contrastive_loss
from avgraph.nn.coupling import Coupling
from avgraph.nn.cross_attention_proxy import CrossAttentionProxy, attention_proxy
from avgraph.nn.edge_transport import sinkhorn_edges
from avgraph.nn.entropic_transport import sinkhorn
from avgraph.nn.fusion import (
    AudioAttention,
    ExpertAggregation,
    Gaussian,
    attention_edges,
    gaussian_kl,
    geometric_js,
    geometric_mean_of_experts,
    mixture_moments,
    mm_js,
    product_of_experts,
)
from avgraph.nn.ground_cost import mahalanobis_cost
from avgraph.nn.hard_triplet import hard_triplet_loss
from avgraph.nn.incidence import Incidence
from avgraph.nn.info_nce import info_nce
from avgraph.nn.inter_unit import InterUnit
from avgraph.nn.intra_unit import IntraUnit
from avgraph.nn.latent_interaction import latent_interaction_loss
from avgraph.nn.mask_losses import MutualInformation, mask_log_likelihood, orthogonality
from avgraph.nn.matching import matching_loss
from avgraph.nn.memory_readout import memory_readout
from avgraph.nn.n_pair import n_pair_loss
from avgraph.nn.partial_edge_transport import partial_sinkhorn_edges
from avgraph.nn.partial_transport import partial_sinkhorn
from avgraph.nn.positive_semidefinite import project_psd
from avgraph.nn.projector import Projector
from avgraph.nn.proxy_triplet import proxy_triplet_loss
from avgraph.nn.semantic_alignment import semantic_alignment_loss
from avgraph.nn.semantic_noise import semantic_noise

__all__ = [
    "AudioAttention",
    "Coupling",
    "CrossAttentionProxy",
    "ExpertAggregation",
    "Gaussian",
    "Incidence",
    "InterUnit",
    "IntraUnit",
    "MutualInformation",
    "Projector",
    "alignment_gap",
    "attention_edges",
    "attention_proxy",
    "contrastive_loss",
    "gaussian_kl",
    "geometric_js",
    "geometric_mean_of_experts",
    "hard_triplet_loss",
    "info_nce",
    "latent_interaction_loss",
    "mahalanobis_cost",
    "mask_log_likelihood",
    "matching_loss",
    "memory_readout",
    "mixture_moments",
    "mm_js",
    "n_pair_loss",
    "orthogonality",
    "partial_sinkhorn",
    "partial_sinkhorn_edges",
    "product_of_experts",
    "project_psd",
    "proxy_triplet_loss",
    "semantic_alignment_loss",
    "semantic_noise",
    "sinkhorn",
    "sinkhorn_edges",
]
