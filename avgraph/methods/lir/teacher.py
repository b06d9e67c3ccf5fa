"""The frozen teacher: its soft labels, the graph inferred from its logits, and graphs of other epochs."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from avgraph.methods.lir.dependencies import (
    identity_dependencies,
    permuted_dependencies,
    random_dependencies,
    stable_dependencies,
    teacher_dependencies,
)
from avgraph.methods.lir.options import LirOptions

logger = logging.getLogger(__name__)


class Teacher(nn.Module):
    """What the student is taught by. All of it are buffers: a checkpoint has it, and no gradient reaches it.

    Args:
        names: of the 2C concepts.
        clips: number of training clips.
        epochs: after which the student starts.
        options: where the student's graph comes from, of the search where there is one, and after which epochs a graph
            is inferred for the frequency alone.
        given: the graph of the data, where it is to be taken.

    Shapes:
        soft [clips, 2C], weights and frequency [2C, 2C], snapshots [s, 2C, 2C], NaN until it is taken

    Example:
        >>> teacher = Teacher(["dog (audio)", "dog (visual)"], 50, 3, LirOptions())
        >>> teacher.due(2), teacher.due(3)
        (False, True)
    """

    soft: Tensor
    weights: Tensor
    frequency: Tensor
    snapshots: Tensor
    epoch: Tensor

    def __init__(
        self,
        names: Sequence[str],
        clips: int,
        epochs: int,
        options: LirOptions,
        given: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.names, self.epochs, self.given = list(names), epochs, given
        self.options = options = options.resolved(given is not None)
        self.snapshot_epochs = sorted(set(options.snapshot_epochs))
        size = len(self.names)
        self.register_buffer("soft", torch.zeros(clips, size))
        self.register_buffer("weights", torch.zeros(size, size))
        self.register_buffer("frequency", torch.zeros(size, size))
        self.register_buffer("snapshots", torch.full((len(self.snapshot_epochs), size, size), torch.nan))
        self.register_buffer("epoch", torch.tensor(-1))

    @property
    def ready(self) -> bool:
        """Whether the student has its graph."""
        return int(self.epoch) >= 0

    def taken(self) -> tuple[list[int], Tensor]:
        """Epochs and graphs of the snapshots so far: weights that are not of the last epoch have not seen them all.

        Shapes:
            → epochs of s snapshots, [s, 2C, 2C] on the CPU
        """
        known = ~self.snapshots.isnan().flatten(1).any(1).cpu()
        return [e for e, k in zip(self.snapshot_epochs, known.tolist(), strict=True) if k], self.snapshots.cpu()[known]

    def due(self, epoch: int) -> bool:
        """Whether something is to be inferred after ``epoch`` epochs."""
        return (epoch >= self.epochs and not self.ready) or epoch in self.snapshot_epochs

    @torch.no_grad()
    def infer(self, epoch: int, logits: Tensor, seed: int) -> None:
        """Take the logits [clips, 2C] after ``epoch`` epochs: freeze them for the student, or keep a snapshot's graph.

        Raises:
            GraphError: as `teacher_dependencies`.
        """
        begins, kept = epoch >= self.epochs and not self.ready, epoch in self.snapshot_epochs
        found = None
        if kept or (begins and self.options.searches):
            found = teacher_dependencies(logits, self.names, self.options, seed=seed)
        if kept and found is not None:
            self.snapshots[self.snapshot_epochs.index(epoch)] = found[0]
        if begins:
            self.soft.copy_(logits.sigmoid())
            self.epoch.fill_(epoch)
            self.weights.copy_(self._students(found, seed))
            if self.options.dependencies == "inferred" and found is not None:
                self.frequency.copy_(found[1])

    def _students(self, found: tuple[Tensor, Tensor] | None, seed: int) -> Tensor:
        """The weights that the student is taught by."""
        if self.options.dependencies == "identity":
            return identity_dependencies(len(self.names) // 2)
        if self.options.dependencies == "given":
            assert self.given is not None
            return self.given
        assert found is not None
        weights = found[0]
        if self.options.stability > 0:
            weights = stable_dependencies(weights, self.taken()[1].to(weights), self.options.stability)
            if not bool(weights.any()):
                logger.warning("lir: stability: no edge is in so many snapshots: the student has no graph")
        null = {"random": random_dependencies, "permuted": permuted_dependencies}.get(str(self.options.dependencies))
        return weights if null is None else null(weights, seed)

    def frequencies(self) -> dict[str, Tensor]:
        """Share of the search's starts, and of the snapshots (Eq. 9), that have each edge."""
        found = {"frequency": self.frequency.cpu()} if self.options.dependencies == "inferred" else {}
        epochs, snapshots = self.taken()
        if epochs:
            found["snapshot_frequency"] = (snapshots > 0).float().mean(0)
        return found
