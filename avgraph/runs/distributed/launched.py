"""Whether torchrun or SLURM has started this process as one of several, and which one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import torch.distributed as dist

from avgraph.errors import DataError
from avgraph.options.train import TrainOptions

_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
_SLURM = ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID")


@dataclass(frozen=True)
class Member:
    """One of the processes that train together.

    Attributes:
        rank: its number among all.
        world: how many there are.
        local_rank: its number on its machine.
    """

    rank: int
    world: int
    local_rank: int


def launched(options: TrainOptions, environ: Mapping[str, str] = os.environ) -> Member | None:
    """What a launcher has made of this process; None where it stands alone and starts others itself.

    Ranks of SLURM count where the run asks for several processes: tasks that train runs of their own are left alone.

    Args:
        options: of training.
        environ: the environment.

    Raises:
        DataError: if there are more or fewer processes than the run asks for.

    Example:
        >>> launched(TrainOptions(devices=2), {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"})
        Member(rank=1, world=2, local_rank=1)
        >>> launched(TrainOptions(), {"SLURM_PROCID": "3", "SLURM_NTASKS": "8", "SLURM_LOCALID": "3"}) is None
        True
    """
    names = next((names for names in (_TORCHRUN, _SLURM) if all(name in environ for name in names)), None)
    if names is None:
        return None
    if options.processes == 1 and (names is _SLURM or (dist.is_available() and dist.is_initialized())):
        return None  # a task of its own, or a run that the first rank trains on the way to another
    try:
        member = Member(*(int(environ[name]) for name in names))
    except ValueError:
        raise DataError(f"{', '.join(names)}: expected whole numbers in the environment") from None
    if names is _SLURM and member.world == 1:
        return None  # the script of a job, not a task of srun
    if member.world != options.processes:
        asked = f"train.devices × train.nodes is {options.devices} × {options.nodes}"
        raise DataError(f"{names[1]}: started as one of {member.world} processes, but {asked}")
    return member if member.world > 1 else None
