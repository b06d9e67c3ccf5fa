"""Losses and couplings keep single precision under autocast and for inputs in half precision."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from avgraph.nn import (
    alignment_gap,
    contrastive_loss,
    hard_triplet_loss,
    info_nce,
    latent_interaction_loss,
    mahalanobis_cost,
    memory_readout,
    n_pair_loss,
    proxy_triplet_loss,
)
from avgraph.transforms.top_k import memory_top_k

ROWS, WIDTH = 40, 64
DRAW = torch.Generator().manual_seed(0)
LABEL = torch.arange(ROWS) % 5
SOFT = torch.rand(2, ROWS, 5, generator=DRAW)
EDGES = torch.rand(10, 10, generator=DRAW)
METRIC = torch.eye(WIDTH) + 0.1
FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "alignment_gap": alignment_gap,
    "contrastive": lambda x, y: contrastive_loss(x, y, LABEL),
    "hard_triplet": lambda x, y: hard_triplet_loss(x, y, LABEL),
    "info_nce": lambda x, y: info_nce(x, y, 0.01),
    "latent_interaction": lambda x, y: latent_interaction_loss(x, y, *SOFT, EDGES),
    "mahalanobis_cost": lambda x, y: mahalanobis_cost(x, y, METRIC, normalize="max"),
    "memory_readout": lambda x, y: memory_readout(x, y, 0.01),
    "memory_top_k": lambda x, y: memory_top_k(x, y, 0.01, 3)[1],
    "n_pair": lambda x, y: n_pair_loss(x, y, LABEL),
    "proxy_triplet": lambda x, y: proxy_triplet_loss(x, y, LABEL),
}


def near_views() -> tuple[Tensor, Tensor]:
    """Two views whose distances have no digits in half precision."""
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(ROWS, WIDTH, generator=draw)
    return x, x + 0.01 * torch.randn(ROWS, WIDTH, generator=draw)


def value_and_gradient(function: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype | None = None) -> list[Tensor]:
    x, y = (view.requires_grad_() for view in near_views())
    with torch.autocast("cpu", dtype, enabled=dtype is not None):
        value = function(x, y)
    if value.requires_grad:
        value.square().sum().backward()
    return [value.detach(), *(view.grad for view in (x, y) if view.grad is not None)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_autocast_changes_nothing(name: str, dtype: torch.dtype) -> None:
    wanted = value_and_gradient(FUNCTIONS[name])
    torch.testing.assert_close(value_and_gradient(FUNCTIONS[name], dtype), wanted, rtol=0, atol=0)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_half_precision_is_computed_in_single(name: str) -> None:
    x, y = (view.bfloat16() for view in near_views())
    kept = name == "memory_readout"  # rows of a space stay in their type
    wanted = FUNCTIONS[name](x.float(), y.float())
    torch.testing.assert_close(FUNCTIONS[name](x, y), wanted.bfloat16() if kept else wanted, rtol=0, atol=0)
