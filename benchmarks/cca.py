"""Linear, cluster and kernel CCA as baselines of benchmarks/lir.py: no library here has the last two.

CCA (Hotelling 1936) maximises the correlation of paired projections; cluster-CCA (Rasiwasia et al. 2014) takes every
pair of rows of one class; kernel CCA (Lai & Fyfe 2000) is CCA of the rows of kernel matrices.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def cca(
    x: Array, y: Array, channels: int, *, label: npt.NDArray[np.int64] | None = None, ridge: float = 0.1
) -> tuple[Array, Array]:
    """Projections [d_x, channels] and [d_y, channels] of centred x [n, d_x], y [n, d_y].

    With ``label`` the covariance across is that of all pairs of one class (cluster-CCA). ``ridge`` is added to each
    covariance as a share of its mean variance; directions are scaled by their correlation.
    """
    if label is None:
        across = x.T @ y / len(x)
    else:
        own = label[:, None] == np.unique(label)
        across = (x.T @ own) @ (own.T @ y) / int((own.sum(0) ** 2).sum())
    white = [_inverse_root(z.T @ z / len(z), ridge) for z in (x, y)]
    u, s, vh = np.linalg.svd(white[0] @ across @ white[1])
    return white[0] @ u[:, :channels] * s[:channels], white[1] @ vh[:channels].T * s[:channels]


def kernel_cca(
    x: Array, y: Array, new_x: Array, new_y: Array, channels: int, *, ridge: float = 0.1
) -> tuple[Array, Array]:
    """Embeddings of new rows by CCA of RBF kernels (width: the median distance) with at most 500 training rows."""
    keep = np.random.default_rng(0).permutation(len(x))[:500]
    sides = []
    for train, new in ((x[keep], new_x), (y[keep], new_y)):
        square = _squared(train, train)
        width = np.median(square[square > 0])
        kernel, other = np.exp(-square / width), np.exp(-_squared(new, train) / width)
        sides.append((kernel - kernel.mean(0), other - kernel.mean(0)))
    a, b = cca(sides[0][0], sides[1][0], channels, ridge=ridge)
    return sides[0][1] @ a, sides[1][1] @ b


def _squared(x: Array, y: Array) -> Array:
    found: Array = np.maximum((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T, 0)
    return found


def _inverse_root(covariance: Array, ridge: float) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 0) + ridge * values.mean()
    root: Array = vectors / np.sqrt(values) @ vectors.T
    return root
