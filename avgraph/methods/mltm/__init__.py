"""m-LTM: mini-batch learning to match with optimal transport, and its baselines in the same frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.mltm.losses import Objective
    from avgraph.methods.mltm.task import MLTMTask

__all__ = ["MLTMTask", "Objective"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "losses": ["Objective"],
        "task": ["MLTMTask"],
    },
)
