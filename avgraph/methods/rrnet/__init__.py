"""RR-Net: relational reasoning over intra and inter graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avgraph.lazy import exports

if TYPE_CHECKING:
    from avgraph.methods.rrnet.model import RRNet
    from avgraph.methods.rrnet.options import RrnetOptions
    from avgraph.methods.rrnet.rating_options import RrnetRatingsOptions
    from avgraph.methods.rrnet.rating_task import RatingTask
    from avgraph.methods.rrnet.task import RRNetTask

__all__ = ["RRNet", "RRNetTask", "RatingTask", "RrnetOptions", "RrnetRatingsOptions"]

__getattr__, __dir__ = exports(
    __name__,
    {
        "model": ["RRNet"],
        "options": ["RrnetOptions"],
        "rating_options": ["RrnetRatingsOptions"],
        "rating_task": ["RatingTask"],
        "task": ["RRNetTask"],
    },
)
