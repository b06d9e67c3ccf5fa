"""ESC-50: 2,000 environmental sounds of 5 s in 50 classes and 5 folds (Piczak, ACM Multimedia 2015)."""

from __future__ import annotations

from avgraph.datasets.esc_dataset import EscDataset


class ESC50(EscDataset):
    """ESC-50: 2,000 environmental sounds of 5 s in 50 classes and 5 folds (Piczak, ACM Multimedia 2015).

    Prepared log-mel pictures are read as well as the published archive; see :mod:`avgraph.datasets.esc_layout`.
    Options and graph are those of `EscDataset`.

    Example:
        >>> ESC50(fold=2, val_fold=3).fold
        2
    """

    dataset = "esc50"
