"""The group of processes that train together, for the length of a block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from pytorch_lightning.plugins.environments import SLURMEnvironment

# No alarm: a rank may wait for what the first one does alone. Whoever has started the ranks notices when one dies, and
# the ones that are connected with it do at once.
_PATIENCE = timedelta(days=1)


def is_joined() -> bool:
    """Whether this process belongs to a group.

    Example:
        >>> is_joined()
        False
    """
    return dist.is_available() and dist.is_initialized()


@contextmanager
def joined_group(rank: int, world: int, *, meet: str, device: str) -> Iterator[None]:
    """Join the others: gloo for tensors on the CPU, nccl for those on GPUs.

    Args:
        rank: number of this process.
        world: how many there are.
        meet: where: ``file://…`` on one machine, or ``env://`` as a launcher has said.
        device: of this process.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with joined_group(0, 1, meet=f"file://{folder}/meet", device="cpu"):
        ...         dist.get_world_size()
        1
    """
    backend = "gloo"
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
        backend = "cpu:gloo,cuda:nccl"
    if meet == "env://" and "MASTER_ADDR" not in os.environ:  # torchrun says it, srun leaves it to its tasks
        slurm = SLURMEnvironment(auto_requeue=False)
        _ = slurm.main_address, slurm.main_port  # sets both in the environment
    dist.init_process_group(backend, init_method=meet, rank=rank, world_size=world, timeout=_PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()
