"""Published methods, one folder per paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.cmcr import CMCRTask
    from avgraph.methods.lir import LIRTask
    from avgraph.methods.mltm import MLTMTask
    from avgraph.methods.mmvae import MMVAETask
    from avgraph.methods.predictions import Predictions
    from avgraph.methods.rrnet import RatingTask, RRNet, RRNetTask
    from avgraph.methods.task import Task
    from avgraph.methods.trivial import Trivial

__all__ = [
    "CMCRTask",
    "LIRTask",
    "MLTMTask",
    "MMVAETask",
    "Predictions",
    "RRNet",
    "RRNetTask",
    "RatingTask",
    "Task",
    "Trivial",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "cmcr": ["CMCRTask"],
        "lir": ["LIRTask"],
        "mltm": ["MLTMTask"],
        "mmvae": ["MMVAETask"],
        "predictions": ["Predictions"],
        "rrnet": ["RRNet", "RRNetTask", "RatingTask"],
        "task": ["Task"],
        "trivial": ["Trivial"],
    },
)
