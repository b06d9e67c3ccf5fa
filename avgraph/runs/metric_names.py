"""What a metric's name says: its split, and whether more of it is better."""

from __future__ import annotations

import re

_LESS = re.compile(r"(?:^|[/_])(?:mae|rmse|loss|ece|modality_gap(?:_\w+)?|(?:silence|noise|off_screen)_area)$")


def lower_is_better(name: str) -> bool:
    """Whether a metric is an error, by the last part of its name; every other one counts what is right.

    Example:
        >>> [lower_is_better(name) for name in ("test/accuracy", "test/bias_mae", "val/error_auroc")]
        [False, True, False]
    """
    return bool(_LESS.search(name))
