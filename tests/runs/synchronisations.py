"""Where a training step waits for the device, because the host looks at a value: found on a CPU, too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
SIZE_IS_A_VALUE = {
    aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default, aten._unique2.default,
    aten.unique_dim.default, aten.unique_consecutive.default, aten.bincount.default, aten.repeat_interleave.Tensor,
}  # fmt: skip
TAKES_INDICES = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}

LOOKS = {
    "checks": {
        "tensors/checks.py finite", "nn/losses/semantic_alignment.py semantic_alignment_loss",
        "nn/losses/_interaction_inputs.py _check_weight", "nn/contrast/soft_info_nce.py soft_info_nce",
        "nn/mask_losses/mask_likelihood.py mask_log_likelihood", "nn/fusion/_experts.py weighted",
        "nn/fusion/_experts.py check_some_left", "nn/fusion/aggregation.py _check_all_informed",
    },
    "solver": {
        "nn/transport/_inputs.py check_cost", "nn/transport/_inputs.py check_totals",
        "nn/transport/_inputs.py check_solved", "nn/transport/sinkhorn.py _prices",
        "nn/transport/_fixed_point.py fixed_point", "nn/transport/_fixed_point.py absorb",
        "nn/transport/_fixed_point.py result", "nn/transport/_feasible.py check_supports",
        "nn/transport/_gradients.py adjoint", "methods/mltm/objective.py __call__",
    },
    "classes": {
        "nn/losses/triplet.py one_way", "nn/losses/n_pair.py n_pair_loss", "nn/losses/n_pair.py one_way",
    },
    "stage": {"methods/lir/teacher.py ready", "methods/lir/objective.py batch_loss"},
    "activity": {"nn/losses/latent_interaction_layer.py _modality"},
    "number": {"methods/cmcr/task.py training_step"},
    "labelled": {"methods/rrnet/objective.py candidate_loss"},
    "neighbourhood": {
        "nn/edges/sampling.py _all_of", "nn/edges/sampling.py _sorted", "nn/edges/neighbourhood.py neighbourhood",
        "nn/edges/neighbourhood.py add", "nn/edges/incidence.py _check_range", "nn/edges/incidence.py from_index",
        "nn/edges/incidence.py from_edge_index",
    },
    "frames": {"methods/mmvae/clips.py frames", "methods/mmvae/clips.py batch"},
    "clips": {
        "nn/fusion/attention_edges.py companions", "methods/mmvae/objective.py objective",
        "methods/mmvae/objective.py _matching", "methods/mmvae/objective.py naming_loss",
        "methods/mmvae/latent_encoders.py fused",
    },
}  # fmt: skip
"""Who looks at values in a step, by reason; docs/gpu.md says the reasons."""
COPIES = {
    "methods/mltm/task.py _rows", "methods/lir/clips.py to", "methods/cmcr/task.py _projected",
    "methods/mmvae/task.py scene", "methods/mmvae/task.py training_step", "methods/rrnet/task.py _part",
    "methods/rrnet/task.py training_step", "nn/edges/incidence.py to", "methods/rrnet/parts.py to",
}  # fmt: skip
"""Who brings a batch to the device or looks up on the CPU which one it is; read off the code, never run on a GPU."""


def _is_synchronising(func: Any, args: tuple[Any, ...]) -> bool:
    if func in SIZE_IS_A_VALUE:
        return True
    return func in TAKES_INDICES and any(isinstance(one, Tensor) and one.dtype == torch.bool for one in args[1])


def _where() -> str:
    """File and function of the package that called; "autograd" where none did."""
    frame = sys._getframe(2)
    while frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        if "/avgraph/" in path and not name.startswith("<"):
            return f"{path.rpartition('/avgraph/')[2]} {name}"
        frame = frame.f_back  # type: ignore[assignment]
    return "autograd"


class Watch(TorchDispatchMode):
    """Notes who looks at values; on a GPU anybody but ``allowed`` is an error at once.

    Attributes:
        found: file and function.
    """

    def __init__(self, allowed: set[str]) -> None:
        super().__init__()
        self.allowed, self.found = allowed, set[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        where = _where()
        if _is_synchronising(func, args):
            self.found.add(where)
        of_a_mask = where == "autograd" and func in TAKES_INDICES  # the gradient of what a mask has chosen
        with forgiven() if where in self.allowed or of_a_mask else nullcontext():
            return func(*args, **(kwargs or {}))


@contextmanager
def forgiven() -> Iterator[None]:
    """The device may be waited for in the block."""
    if not torch.cuda.is_available():
        yield
        return
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("default")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
