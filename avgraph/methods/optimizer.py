"""The optimizer and the schedule that an experiment declares, made of its options."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from avgraph.options.train import OptimizerOptions, TrainOptions


def build_optimizer(parameters: Iterable[nn.Parameter], options: OptimizerOptions) -> Optimizer:
    """SGD, Adam or AdamW with the declared settings.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> build_optimizer(layer.parameters(), OptimizerOptions(type="adam", lr=0.01)).defaults["lr"]
        0.01
    """
    if options.type == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=options.lr,
            momentum=options.momentum,
            weight_decay=options.weight_decay,
            nesterov=options.nesterov,
        )
    kind: type[Optimizer] = torch.optim.Adam if options.type == "adam" else torch.optim.AdamW
    optimizer: Optimizer = kind(parameters, lr=options.lr, weight_decay=options.weight_decay)  # type: ignore[call-arg]
    return optimizer


def build_schedule(optimizer: Optimizer, options: TrainOptions, *, steps_per_epoch: int) -> LRScheduler | None:
    """The declared schedule over all steps of the run, or ``None`` for a constant rate.

    Example:
        >>> optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        >>> build_schedule(optimizer, TrainOptions(schedule="constant"), steps_per_epoch=1) is None
        True
    """
    steps = max(1, options.epochs * steps_per_epoch)
    if options.schedule == "cosine":
        return CosineAnnealingLR(optimizer, steps)
    if options.schedule == "one_cycle":
        # Momentum stays as declared: by default it would be cycled, whatever was written.
        return OneCycleLR(optimizer, options.optimizer.lr, total_steps=steps, cycle_momentum=False)
    return None
