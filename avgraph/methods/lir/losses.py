"""The metric losses an LIR experiment can declare (Table 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from avgraph.nn import contrastive_loss, hard_triplet_loss, n_pair_loss, proxy_triplet_loss

LOSSES: Mapping[str, Callable[..., Tensor]] = {
    "triplet": proxy_triplet_loss,
    "hard_triplet": hard_triplet_loss,
    "contrastive": contrastive_loss,
    "n_pair": n_pair_loss,
}
