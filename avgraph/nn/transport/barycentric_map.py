"""What a coupling sends to each target: the barycentre of the sources coupled with it."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import sides_of
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum
from avgraph.tensors.checks import check_tensors


def barycentric_map(
    x: Tensor, log_plan: Tensor, edge_index: Tensor | None = None, *, num_targets: int | None = None
) -> Float[Tensor, "m d"]:
    r"""Sources averaged by the mass that they send to a target.

    .. math::
        y_j = \sum_i \frac{\pi_{ij}}{\sum_k \pi_{kj}}\, x_i

    Taken from the logarithm of the plan, so that a target whose mass underflows has its barycentre too. A target
    without edges is 0.

    Args:
        x: of the sources.
        log_plan: ``Coupling.log_plan``, of all pairs or along edges.
        edge_index: of the pairs, where these are listed.
        num_targets: where they are listed; the largest target if not given.

    Shapes:
        x [n, d], log_plan [n, m] or [e], edge_index [2, e] → [m, d]

    Raises:
        GraphError: if shapes disagree.

    Example:
        >>> import torch
        >>> barycentric_map(torch.tensor([[0.0], [4.0]]), torch.tensor([[0.25, 0.0], [0.25, 0.5]]).log())
        tensor([[2.],
                [4.]])
    """
    check_tensors({"x": x, "log_plan": log_plan})
    expected = (len(x),) if edge_index is None else (edge_index.shape[-1],)
    if x.dim() != 2 or log_plan.dim() != (2 if edge_index is None else 1) or log_plan.shape[:1] != expected:
        wanted = "[n, m]" if edge_index is None else f"[{expected[0]}]"
        raise GraphError(f"x, log_plan: expected [n, d] and {wanted}, got {list(x.shape)} and {list(log_plan.shape)}")
    log_plan = log_plan.to(x)
    if edge_index is None:
        return log_plan.softmax(0).T @ x
    size = num_targets if num_targets is not None else int(edge_index[1].max()) + 1 if len(log_plan) else 0
    source, target = sides_of(edge_index, len(x), size)
    return segment_sum(edge_softmax(log_plan, target)[:, None] * gather_rows(x, source), target)
