"""Published methods, one file per paper."""

from avgraph.methods.rrnet import RRNet, RRNetTask
from avgraph.methods.task import Task

__all__ = ["RRNet", "RRNetTask", "Task"]
