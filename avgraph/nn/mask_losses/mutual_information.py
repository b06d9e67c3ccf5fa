"""A bound on what two codes have in common (Barber & Agakov, "The IM Algorithm", NeurIPS 2003)."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors import check_tensors, finite


def log_density(mean: Tensor, logvar: Tensor, y: Tensor, *, official: bool = False) -> Float[Tensor, ""]:
    r"""Mean over rows of log N(y; mean, exp(logvar)), without its constant −½ log 2π.

    .. math::
        \operatorname{mean}_n \sum_j -\tfrac12 \Bigl[\frac{(\mu_j - y_j)^2}{\sigma_j^2} + \log \sigma_j^2\Bigr]

    Args:
        mean, logvar: of the Gaussian.
        y: where its density is taken.
        official: without log σ², as published; that is no density, and the larger σ² the better, for any mean.

    Shapes:
        mean, logvar, y [n, d] → scalar

    Raises:
        GraphError: if shapes differ, or a number is not finite.

    Example:
        >>> import torch
        >>> zero = torch.zeros(1, 2)
        >>> log_density(zero, zero, torch.ones(1, 2))
        tensor(-1.)
    """
    named = {"mean": mean, "logvar": logvar, "y": y}
    check_tensors(named)
    if mean.dim() != 2 or mean.shape != logvar.shape or mean.shape != y.shape or not mean.numel():
        got = ", ".join(str(list(value.shape)) for value in named.values())
        raise GraphError(f"mean, logvar, y: expected three [n, d] of one shape, got {got}")
    with full_precision(mean, logvar, y) as (mean, logvar, y):
        term = (mean - y).square() * (-logvar).exp()
        return finite(-0.5 * (term if official else term + logvar).sum(1).mean(), named)


class MutualInformation(nn.Module):
    r"""How well one code tells another: a lower bound of their mutual information, up to an entropy; to be maximised.

    .. math::
        y = \tanh(A u_a), \quad \mu = \tanh(B u_v), \quad \log \sigma^2 = \tanh(C u_v), \quad
        \mathrm{E} \log \mathcal{N}(y; \mu, \sigma^2)

    I(y; u_v) ≥ H(y) + E log N(y; μ, σ²). H(y) is left out: it is not constant, as A is learned, so that a value that
    rises proves nothing by itself. σ² is between 1/e and e.

    Args:
        channels: width of both codes.
        inner_channels: width of y.
        official: without log σ², as published, where σ² runs to its upper bound.

    Shapes:
        visual, audio [n, channels] → scalar

    Raises:
        GraphError: if shapes disagree, or a number is not finite.

    Example:
        >>> import torch
        >>> MutualInformation(16)(torch.randn(4, 16), torch.randn(4, 16)).shape
        torch.Size([])
    """

    def __init__(self, channels: int, inner_channels: int = 6, *, official: bool = False) -> None:
        super().__init__()
        self.mean = nn.Linear(channels, inner_channels)
        self.logvar = nn.Linear(channels, inner_channels)
        self.audio = nn.Linear(channels, inner_channels)
        self.official = official

    def forward(self, visual: Tensor, audio: Tensor) -> Float[Tensor, ""]:
        """The bound, from the codes of picture and sound."""
        channels = self.mean.in_features
        for name, code in (("visual", visual), ("audio", audio)):
            check_tensors({name: code})
            if code.dim() != 2 or code.shape[1] != channels:
                raise GraphError(f"{name}: expected [n, {channels}], got {list(code.shape)}")
        mean, logvar = self.mean(visual).tanh(), self.logvar(visual).tanh()
        return log_density(mean, logvar, self.audio(audio).tanh(), official=self.official)

    def __repr__(self) -> str:
        width, inner = self.mean.in_features, self.mean.out_features
        return f"MutualInformation({width}, {inner}, official={self.official})"
