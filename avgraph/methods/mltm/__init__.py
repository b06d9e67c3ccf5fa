"""m-LTM: mini-batch learning to match with optimal transport, and its baselines in the same frame."""

from avgraph.methods.mltm.losses import Objective
from avgraph.methods.mltm.task import MLTMTask

__all__ = ["MLTMTask", "Objective"]
