"""m-LTM: mini-batch learning to match with optimal transport, and its baselines in the same frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.mltm.objective import Objective
    from avgraph.methods.mltm.options import MltmOptions
    from avgraph.methods.mltm.task import MLTMTask

__all__ = ["MLTMTask", "MltmOptions", "Objective"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "objective": ["Objective"],
        "options": ["MltmOptions"],
        "task": ["MLTMTask"],
    },
)
