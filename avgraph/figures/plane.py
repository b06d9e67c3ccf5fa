"""Two modalities of one space laid out in the plane: t-SNE (van der Maaten & Hinton, JMLR 2008) or UMAP."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import DataError, GraphError

Layout = Literal["tsne", "umap"]


def to_plane(
    x: Tensor, y: Tensor, *, layout: Layout = "tsne", perplexity: float = 30.0, seed: int = 0
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "m 2"]]:
    """Places of the unit rows of both sides, laid out together so that they can be compared.

    Args:
        x, y: embeddings of the two sides.
        layout: ``"tsne"``, or ``"umap"`` with the extra ``umap``.
        perplexity: neighbours that a row counts with, lowered to a third of the rows where there are few.
        seed: of the layout.

    Shapes:
        x [n, d], y [m, d] → [n, 2], [m, 2]

    Raises:
        GraphError: if widths differ or a value is not finite.
        DataError: for ``"umap"`` without the library.

    Example:
        >>> left, right = to_plane(torch.eye(5), torch.eye(5) + 0.1)
        >>> left.shape, right.shape
        ((5, 2), (5, 2))
    """
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1]:
        raise GraphError(f"x, y: expected [n, d] and [m, d], got {list(x.shape)} and {list(y.shape)}")
    rows = F.normalize(torch.cat([x, y]).detach().float()).cpu().numpy()
    if not np.isfinite(rows).all():
        raise GraphError("x, y: expected finite numbers, got NaN or infinity")
    if len(rows) < 4:  # a plane holds three points as they are
        place = _principal(rows)
        return place[: len(x)], place[len(x) :]
    # Rows that coincide, as in a model that has collapsed, have no principal axes to start from.
    rows = rows + 1e-6 * np.random.default_rng(seed).standard_normal(rows.shape).astype(np.float32)
    neighbours = min(perplexity, (len(rows) - 1) / 3)
    if layout == "tsne":
        from sklearn.manifold import TSNE  # seconds to import: only when it is used

        # PCA as the start keeps far groups where they are to each other, and the picture the same every time.
        start = _principal(rows)
        start /= start[:, 0].std()
        model = TSNE(2, perplexity=neighbours, init=1e-4 * start, learning_rate="auto", random_state=seed)
    else:
        try:
            from umap import UMAP
        except ImportError as error:
            message = f'layout: "umap" needs: pip install avgraph[umap] ({error}); "tsne" needs nothing'
            raise DataError(message) from error
        model = UMAP(n_neighbors=max(2, round(neighbours)), metric="cosine", random_state=seed)
    place = np.asarray(model.fit_transform(rows), dtype=np.float64)
    return place[: len(x)], place[len(x) :]


def _principal(rows: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n 2"]:
    """Coordinates along the first two principal axes; a width of one is filled up with zeros."""
    left, size, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    place = (left * size)[:, :2].astype(np.float64)
    return np.pad(place, ((0, 0), (0, 2 - place.shape[1])))
