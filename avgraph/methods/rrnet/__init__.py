"""RR-Net: relational reasoning over intra and inter graphs."""

from avgraph.methods.rrnet.model import RRNet
from avgraph.methods.rrnet.task import RRNetTask

__all__ = ["RRNet", "RRNetTask"]
