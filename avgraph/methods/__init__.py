"""Published methods, one folder per paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.predictions import Predictions
    from avgraph.methods.rrnet import RRNet, RRNetTask
    from avgraph.methods.task import Task
    from avgraph.methods.trivial import Trivial

__all__ = ["Predictions", "RRNet", "RRNetTask", "Task", "Trivial"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "predictions": ["Predictions"],
        "rrnet": ["RRNet", "RRNetTask"],
        "task": ["Task"],
        "trivial": ["Trivial"],
    },
)
