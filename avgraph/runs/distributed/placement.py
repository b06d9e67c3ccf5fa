"""Where Lightning's Trainer works, and with whom."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.plugins.environments import ClusterEnvironment
from pytorch_lightning.strategies import DDPStrategy

from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import is_together, rank, world_size


class Joined(ClusterEnvironment):
    """What Lightning asks about processes that have joined before it came.

    Args:
        local_rank: number of this process on its machine.
        devices: processes on each machine.
    """

    def __init__(self, local_rank: int, devices: int) -> None:
        super().__init__()
        self._local_rank, self._devices = local_rank, devices

    @property
    def creates_processes_externally(self) -> bool:
        """It is to start none."""
        return True

    @property
    def main_address(self) -> str:
        """It is to join none."""
        return ""

    @property
    def main_port(self) -> int:
        """It is to join none."""
        return 0

    @staticmethod
    def detect() -> bool:
        """It is never found in an environment."""
        return False

    def world_size(self) -> int:
        """How many processes there are."""
        return world_size()

    def global_rank(self) -> int:
        """Number of this one."""
        return rank()

    def local_rank(self) -> int:
        """Its number on its machine."""
        return self._local_rank

    def node_rank(self) -> int:
        """Number of its machine."""
        return rank() // self._devices

    def set_world_size(self, size: int) -> None:
        """It is known."""

    def set_global_rank(self, rank: int) -> None:
        """It is known."""


def trainer_place(options: TrainOptions, device: str) -> dict[str, Any]:
    """Arguments of the Trainer; a process that works together with others trains with them.

    Args:
        options: of training.
        device: of this process.

    Example:
        >>> trainer_place(TrainOptions(), "cpu")
        {'accelerator': 'cpu', 'devices': 1}
    """
    is_gpu, number = device.startswith("cuda"), int(device.partition(":")[2] or 0)
    accelerator = "gpu" if is_gpu else "cpu"
    if not is_together():
        return {"accelerator": accelerator, "devices": [number] if is_gpu else 1}
    environment = Joined(number if is_gpu else rank() % options.devices, options.devices)
    return {
        "accelerator": accelerator,
        "devices": options.devices,
        "num_nodes": options.nodes,
        # A layer that nothing reads has no gradient: unless DDP looks for it, it holds up those of others.
        "strategy": DDPStrategy(cluster_environment=environment, find_unused_parameters=True),
        "use_distributed_sampler": False,  # every rank draws the whole batch and takes its rows of it
    }
