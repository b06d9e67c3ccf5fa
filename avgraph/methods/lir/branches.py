"""Students that start at other epochs, and a network without a graph, beside the student in one run (Fig. 4)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.objective import Objective
from avgraph.methods.lir.teacher import Teacher
from avgraph.runtime.settings import random_state_kept

WITHOUT = "without"


class Branches(nn.Module):
    """Copies of a network that leave it at some epoch and train on by themselves.

    The branch "without" leaves at ``start``, when the network gets its graph, and never gets one. The branch ``at_M``
    starts after M epochs from what has had no graph so far, with a graph of its own. Each takes along the state of the
    optimizer, and draws the dropout that it would have drawn alone: it ends as a run of its own would have.

    Args:
        network: what they leave.
        start: epochs before its own graph.
        teachers: epoch M → the teacher of ``at_M``; without any there are no branches.
    """

    def __init__(self, network: ClipNetwork, start: int, teachers: Mapping[int, Teacher]) -> None:
        super().__init__()
        inserted = {f"at_{epoch}": epoch for epoch in sorted(teachers)}
        self.starts = {WITHOUT: start} | inserted if inserted else {}
        self.networks = nn.ModuleDict({name: copy.deepcopy(network) for name in self.starts})
        self.teachers = nn.ModuleDict({f"at_{epoch}": teacher for epoch, teacher in teachers.items()})

    def due(self, epoch: int) -> bool:
        """Whether a branch starts after ``epoch`` epochs."""
        return epoch in self.starts.values()

    def begin(self, epoch: int, network: ClipNetwork, x: Mapping[str, Tensor], optimizer: Optimizer, seed: int) -> None:
        """Start the branches that are due after ``epoch`` epochs.

        Args:
            epoch: epochs so far.
            network: the one they leave.
            x: features of the training clips, for the logits of a graph.
            optimizer: that of all.
            seed: of the search for a graph.
        """
        for name, start in self.starts.items():
            if start != epoch:
                continue
            source = network if epoch <= self.starts[WITHOUT] else self.network(WITHOUT)
            _take_over(source, self.network(name), optimizer)
            if (teacher := self.teacher(name)) is not None:
                teacher.infer(epoch, logits(source, x), seed)

    def active(self, epoch: int | None = None) -> Iterator[tuple[str, ClipNetwork, Teacher | None]]:
        """Name, network and teacher of every branch, or of those that train in an epoch."""
        for name, start in self.starts.items():
            if epoch is None or start <= epoch:
                yield name, self.network(name), self.teacher(name)

    def losses(
        self, epoch: int, objective: Objective, x: Mapping[str, Tensor], y: Tensor, rows: Tensor
    ) -> dict[str, Tensor]:
        """Name → loss of a batch, of the branches that train in this epoch; see `Objective` for the arguments."""
        found = {}
        for name, network, teacher in self.active(epoch):
            with random_state_kept():  # the next branch draws the same
                found[name] = torch.stack(list(objective(network, x, y, teacher, rows).values())).sum()
        return found

    def network(self, name: str) -> ClipNetwork:
        """The network of a branch."""
        found = self.networks[name]
        assert isinstance(found, ClipNetwork)
        return found

    def teacher(self, name: str) -> Teacher | None:
        """The teacher of a branch; "without" has none."""
        if name == WITHOUT:
            return None
        found = self.teachers[name]
        assert isinstance(found, Teacher)
        return found


@torch.no_grad()
def logits(network: ClipNetwork, x: Mapping[str, Tensor]) -> Tensor:
    """Logits of both modalities side by side, without dropout.

    Shapes:
        "audio" → [n, d_a], "visual" → [n, d_v] → [n, 2C]

    Example:
        >>> network = ClipNetwork({"audio": 4, "visual": 5}, 3)
        >>> logits(network, {"audio": torch.zeros(2, 4), "visual": torch.zeros(2, 5)}).shape
        torch.Size([2, 6])
    """
    training = network.training
    found = torch.cat(network.eval()(x), 1)
    network.train(training)
    return found


@torch.no_grad()
def _take_over(source: nn.Module, target: nn.Module, optimizer: Optimizer) -> None:
    """Weights and optimizer state of ``source``, parameter by parameter."""
    target.load_state_dict(source.state_dict())
    for old, new in zip(source.parameters(), target.parameters(), strict=True):
        state: dict[str, Any] = optimizer.state.get(old, {})
        if state:
            optimizer.state[new] = {k: v.clone() if isinstance(v, Tensor) else v for k, v in state.items()}
