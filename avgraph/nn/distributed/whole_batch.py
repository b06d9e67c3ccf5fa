"""Layers whose result depends on the whole batch, where every rank has a part of it: the same numbers as in one."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from avgraph.errors import GraphError
from avgraph.nn.distributed.gather import shared_rows
from avgraph.nn.precision import at_least_single
from avgraph.runtime.ranks import counts_of, rank, world_size

_OF_TORCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


class WholeBatchNorm(_BatchNorm):
    """Batch normalisation by the statistics of the rows of all ranks, on the CPU too, where torch's own has none.

    Of channel c over all rows (and places) of all ranks; running statistics as torch's, the variance unbiased. A rank
    may have no rows.

    Shapes:
        x [n, c, ...] → [n, c, ...]

    Raises:
        GraphError: in training, if there is one value a channel in all.

    Example:
        >>> layer, plain = WholeBatchNorm(2), nn.BatchNorm1d(2)
        >>> x = torch.randn(5, 2)
        >>> torch.allclose(layer(x), plain(x), atol=1e-6), torch.allclose(layer.running_var, plain.running_var)
        (True, True)
    """

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise GraphError(f"x: expected [n, c, ...], got {list(input.shape)}")

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; in training the running statistics move on."""
        self._check_input_dim(x)
        if not self.training and self.running_mean is not None:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        over = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        wide = at_least_single(x)
        count, mean, variance = _moments(wide, over, shape)
        if count < 2:
            raise GraphError(f"x: expected at least 2 rows in training, as BatchNorm needs, got {count:g}")
        self._remember(mean.detach(), variance.detach() * (count / (count - 1)))
        scaled = (wide - mean.view(shape)) * (variance + self.eps).rsqrt().view(shape)
        found: Tensor = scaled if self.weight is None else scaled * self.weight.view(shape) + self.bias.view(shape)
        return found.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if not self.training or self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), share)
        self.running_var.lerp_(variance.to(self.running_var), share)


def _moments(x: Tensor, over: list[int], shape: list[int]) -> tuple[float, Tensor, Tensor]:
    """Number, mean and variance of the values of a channel on all ranks, by one message: from those of each rank."""
    own = x.new_tensor([x.numel() // x.shape[1]])
    own_mean = x.sum(over) / own.clamp(min=1)
    own_squares = (x - own_mean.view(shape)).square().sum(over)
    parts = shared_rows(torch.cat([own, own_mean, own_squares])[None], world_size())
    counts, means, squares = parts.split([1, len(own_mean), len(own_mean)], dim=1)
    count = float(counts.detach().sum())
    mean = (counts * means).sum(0) / count
    return count, mean, (squares + counts * (means - mean).square()).sum(0) / count


class WholeBatchDropout(nn.Module):
    """Dropout whose mask is drawn for the rows of all ranks and cut: on the CPU that of one process, bit by bit.

    Every rank draws from the same random state (`avgraph.runs.callbacks.StepSeed`), and all stay in step.

    Args:
        p: probability that an entry becomes 0.

    Shapes:
        x [n, ...] → [n, ...]

    Example:
        >>> layer, x = WholeBatchDropout(0.5), torch.ones(4, 2)
        >>> dropped = torch.manual_seed(0) and layer(x)
        >>> torch.equal(dropped, torch.manual_seed(0) and F.dropout(x, 0.5))
        True
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop entries in training."""
        if not self.training or not 0 < self.p < 1:
            return F.dropout(x, self.p, self.training)
        mask = _own_part(x, lambda whole: whole.bernoulli_(1 - self.p))
        return x * mask.div_(1 - self.p)

    def __repr__(self) -> str:
        return f"WholeBatchDropout({self.p})"


def whole_batch_noise(x: Tensor) -> Tensor:
    """Draws from N(0, 1) of the shape of ``x``, made for the rows of all ranks and cut, as a dropout's mask is.

    Example:
        >>> drawn = torch.manual_seed(0) and whole_batch_noise(torch.ones(4, 2))
        >>> torch.equal(drawn, torch.manual_seed(0) and torch.randn(4, 2))
        True
    """
    return _own_part(x, lambda whole: whole.normal_())


def _own_part(x: Tensor, draw: Callable[[Tensor], Tensor]) -> Tensor:
    """This rank's rows of what is drawn for the rows of all, which each has as many of as of ``x``."""
    counts = counts_of(len(x))
    start = sum(counts[: rank()])
    return draw(x.new_empty(sum(counts), *x.shape[1:]))[start : start + len(x)]


def over_whole_batch(module: nn.Module) -> None:
    """Put these layers in the place of torch's, everywhere below ``module``; parameters and buffers are shared.

    Raises:
        GraphError: for a batch normalisation of another package, or one that makes its parameters as it goes: what it
            does besides would be lost.

    Example:
        >>> module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.1))
        >>> over_whole_batch(module)
        >>> [type(layer).__name__ for layer in module]
        ['Linear', 'WholeBatchNorm', 'WholeBatchDropout']
    """
    for name, layer in module.named_children():
        if isinstance(layer, _BatchNorm) and not isinstance(layer, WholeBatchNorm):
            if type(layer) not in _OF_TORCH:
                kind = f"{type(layer).__module__}.{type(layer).__name__}"
                raise GraphError(f"{name}: {kind} cannot see the batch of all processes; expected torch's BatchNorm")
            setattr(module, name, _whole_norm(layer))
        elif isinstance(layer, nn.Dropout):
            setattr(module, name, WholeBatchDropout(layer.p).train(layer.training))
        else:
            over_whole_batch(layer)


def _whole_norm(layer: _BatchNorm) -> WholeBatchNorm:
    settings = (layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    whole = WholeBatchNorm(*settings).train(layer.training)
    for name, value in (*layer.named_parameters(), *layer.named_buffers()):
        setattr(whole, name, value)
    return whole
