"""The devices of a run on several processes, and what cannot be so."""

from __future__ import annotations

import torch

from avgraph.errors import DataError
from avgraph.options.train import TrainOptions
from avgraph.runs.distributed.launched import launched
from avgraph.runs.training import pick_device


def device_of(options: TrainOptions, local_rank: int) -> str:
    """The device of one of several processes: of a machine's GPUs one each.

    Example:
        >>> device_of(TrainOptions(devices=2, device="cpu"), local_rank=1)
        'cpu'
    """
    device = pick_device(options.device)
    return f"cuda:{local_rank}" if device.startswith("cuda") and options.processes > 1 else device


def check_place(options: TrainOptions) -> None:
    """Refuse what this machine has not, before a folder is made.

    Raises:
        DataError: if a device is missing, or there are other processes than the run asks for.

    Example:
        >>> check_place(TrainOptions(nodes=2, device="cpu"))
        Traceback (most recent call last):
        avgraph.errors.DataError: train.nodes: 2 machines need a launcher that starts the command on each: torchrun
        --nnodes=2 --nproc-per-node=1 -m avgraph train …, or srun
    """
    device, member = pick_device(options.device), launched(options)
    count = torch.cuda.device_count()
    if device.startswith("cuda") and options.devices > count:
        told = f"{count} CUDA device{'s' if count > 1 else ''} on this machine"
        raise DataError(f"train.devices: expected at most {count}, got {options.devices} ({told})")
    if options.nodes > 1 and member is None:
        start = f"torchrun --nnodes={options.nodes} --nproc-per-node={options.devices} -m avgraph train …"
        needs = f"{options.nodes} machines need a launcher that starts the command on each"
        raise DataError(f"train.nodes: {needs}: {start}, or srun")
