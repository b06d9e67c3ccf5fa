"""ESC-10: 400 environmental sounds of 5 s in 10 classes and 5 folds (Piczak, ACM Multimedia 2015)."""

from __future__ import annotations

from avgraph.datasets.esc_dataset import EscDataset


class ESC10(EscDataset):
    """ESC-10: 400 environmental sounds of 5 s in 10 classes and 5 folds (Piczak, ACM Multimedia 2015).

    Its own folder is read as well as the clips marked ``esc10`` in a full ESC-50; see
    :mod:`avgraph.datasets.esc_layout`. Options and graph are those of `EscDataset`.

    Example:
        >>> ESC10(fold=2, val_fold=3).fold
        2
    """

    dataset = "esc10"
