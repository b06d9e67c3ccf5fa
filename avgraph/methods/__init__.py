"""Published methods, one file per paper."""

from avgraph.methods.rrnet import RRNet, RRNetTask
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial

__all__ = ["RRNet", "RRNetTask", "Task", "Trivial"]
