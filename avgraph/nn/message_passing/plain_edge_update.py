"""The edge update of RR-Net in plain operations, which `torch.export` can trace."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.edges.incidence import Incidence


def is_exporting() -> bool:
    """Whether `torch.export` traces, which takes no chunks and no threads; `torch.compile` calls the fused kernel.

    Example:
        >>> is_exporting()
        False
    """
    known = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)  # torch 2.6 does not tell them apart
    return bool(known())


def plain_edge_update(
    tensors: tuple[Tensor, ...], plan: Incidence, sum_source: bool, loops_once: bool
) -> tuple[Tensor, Tensor | None, Tensor]:
    """`edge_update` in plain operations, for edges of any number.

    Args:
        tensors: p_source, p_target, edge_attr, edge_weight, weight, bias.
        plan, sum_source, loops_once: as there.

    Example:
        >>> plan, one = Incidence.from_edge_index(torch.tensor([[0, 1], [0, 0]]), 2, 1), torch.ones(1, 1)
        >>> given = torch.ones(2, 1), one, one.expand(2, 1), one, one, one[0]
        >>> edge, _, target = plain_edge_update(given, plan, False, False)
        >>> edge.squeeze(1).tolist(), target.squeeze(1).tolist()
        ([4.0, 4.0], [8.0])
    """
    p_source, p_target, edge_attr, edge_weight, weight, bias = tensors
    source, target = plan.source.index, plan.target.index
    hidden = p_source.index_select(0, source) + p_target.index_select(0, target) + edge_attr @ edge_weight.T
    out = hidden.relu() @ weight.T + bias
    of_target = out.new_zeros(plan.target.num_nodes, out.shape[1]).index_add(0, target, out)
    if not sum_source:
        return out, None, of_target
    told = torch.where((source == target)[:, None], 0, out) if loops_once else out
    return out, out.new_zeros(plan.source.num_nodes, out.shape[1]).index_add(0, source, told), of_target
