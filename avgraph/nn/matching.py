"""Learning-to-match loss (m-LTM, ICLR 2024, Eq. 10)."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.coupling import Coupling


def matching_loss(coupling: Coupling) -> Float[Tensor, ""]:
    r"""How far a coupling is from matching row i with column i.

    .. math::
        \mathrm{KL}(I/b \,\|\, \pi) = -\frac1b \sum_i \log \pi_{ii} - \log b \;\ge\; 0

    Taken from the logarithm of the plan: finite where the plan itself underflows. With converged uniform marginals
    its gradient with respect to −cost/ε is π − I/b. Batched couplings are averaged.

    Shapes:
        coupling.log_plan [..., b, b] → scalar

    Raises:
        GraphError: if the plan is not square.

    Example:
        >>> import torch
        >>> from avgraph.nn import sinkhorn
        >>> matching_loss(sinkhorn(torch.zeros(4, 4), 0.1))  # all pairs alike: log 4
        tensor(1.3863)
    """
    if not isinstance(coupling, Coupling):
        raise GraphError(f"coupling: expected a Coupling, as sinkhorn returns, got {type(coupling).__name__}")
    shape = coupling.log_plan.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or not shape[-1]:
        raise GraphError(f"matching_loss: expected a square plan [..., b, b], got {list(shape)}")
    own = coupling.log_plan.diagonal(dim1=-2, dim2=-1)
    return -own.mean() - math.log(shape[-1])
