"""Message-passing layers, couplings and losses: the arithmetic of every method."""

from __future__ import annotations

from avgraph.nn.contrast.info_nce import info_nce
from avgraph.nn.contrast.memory_conv import MemoryConv
from avgraph.nn.contrast.memory_edges import memory_log_total, memory_readout_edges
from avgraph.nn.contrast.memory_readout import memory_readout
from avgraph.nn.contrast.path_similarity import path_similarity
from avgraph.nn.contrast.projector import Projector
from avgraph.nn.contrast.soft_info_nce import soft_info_nce
from avgraph.nn.contrast.unit_rows import alignment_gap, semantic_noise
from avgraph.nn.edges.complete import complete_batch_edges, complete_edges
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.edges.kernels import segment_backend
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
from avgraph.nn.losses.anchor_proxy import AnchorProxy
from avgraph.nn.losses.attention_proxy import attention_proxy, attention_proxy_edges
from avgraph.nn.losses.contrastive import contrastive_loss
from avgraph.nn.losses.latent_interaction import latent_interaction_loss
from avgraph.nn.losses.latent_interaction_layer import LatentInteraction
from avgraph.nn.losses.n_pair import n_pair_loss
from avgraph.nn.losses.semantic_alignment import semantic_alignment_loss
from avgraph.nn.losses.triplet import hard_triplet_loss, proxy_triplet_loss
from avgraph.nn.mask_losses import MutualInformation, mask_log_likelihood, matching_divergence, orthogonality
from avgraph.nn.message_passing.hetero_edge_unit import HeteroEdgeUnit
from avgraph.nn.message_passing.inter_unit import InterUnit
from avgraph.nn.message_passing.intra_unit import IntraUnit
from avgraph.nn.transport.barycentric_conv import BarycentricConv
from avgraph.nn.transport.barycentric_map import barycentric_map
from avgraph.nn.transport.coupling import Coupling, matching_loss
from avgraph.nn.transport.edge_transport import partial_sinkhorn_edges, sinkhorn_edges
from avgraph.nn.transport.ground_cost import mahalanobis_cost, mahalanobis_edge_cost, project_psd
from avgraph.nn.transport.sinkhorn import partial_sinkhorn, sinkhorn
from avgraph.nn.transport.sinkhorn_conv import SinkhornConv

__all__ = [
    "AnchorProxy",
    "AudioAttention",
    "BarycentricConv",
    "Coupling",
    "ExpertAggregation",
    "Gaussian",
    "HeteroEdgeUnit",
    "Incidence",
    "InterUnit",
    "IntraUnit",
    "LatentInteraction",
    "MemoryConv",
    "MutualInformation",
    "Projector",
    "SinkhornConv",
    "alignment_gap",
    "attention_edges",
    "attention_proxy",
    "attention_proxy_edges",
    "barycentric_map",
    "complete_batch_edges",
    "complete_edges",
    "contrastive_loss",
    "gaussian_kl",
    "geometric_js",
    "geometric_mean_of_experts",
    "hard_triplet_loss",
    "info_nce",
    "latent_interaction_loss",
    "mahalanobis_cost",
    "mahalanobis_edge_cost",
    "mask_log_likelihood",
    "matching_divergence",
    "matching_loss",
    "memory_log_total",
    "memory_readout",
    "memory_readout_edges",
    "mixture_moments",
    "mm_js",
    "n_pair_loss",
    "orthogonality",
    "partial_sinkhorn",
    "partial_sinkhorn_edges",
    "path_similarity",
    "product_of_experts",
    "project_psd",
    "proxy_triplet_loss",
    "segment_backend",
    "semantic_alignment_loss",
    "semantic_noise",
    "sinkhorn",
    "sinkhorn_edges",
    "soft_info_nce",
]
