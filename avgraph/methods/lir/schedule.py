"""Whether every epoch that an LIR experiment names will come."""

from __future__ import annotations

from collections.abc import Sequence

from avgraph.errors import GraphError


def check_schedule(
    epochs: int,
    teacher_epochs: int,
    snapshot_epochs: Sequence[int],
    insertion_epochs: Sequence[int],
    *,
    regularised: bool,
) -> None:
    """Refuse a schedule of which a part would silently never happen.

    Args:
        epochs: of the whole training.
        teacher_epochs: before the student.
        snapshot_epochs: after which a graph is kept.
        insertion_epochs: after which a branch gets its graph.
        regularised: whether γ is above 0.

    Raises:
        GraphError: naming the option and the epoch.

    Example:
        >>> check_schedule(5, 10, [], [], regularised=True)
        Traceback (most recent call last):
        avgraph.errors.GraphError: lir: teacher_epochs is 10, but train.epochs is 5: the student never starts; lower
            method.teacher_epochs, or set method.interaction_weight to 0
    """
    if regularised and epochs <= teacher_epochs:
        raise GraphError(
            f"lir: teacher_epochs is {teacher_epochs}, but train.epochs is {epochs}: the student never "
            "starts; lower method.teacher_epochs, or set method.interaction_weight to 0"
        )
    if insertion_epochs and not regularised:
        raise GraphError("lir: insertion_epochs insert a graph, but method.interaction_weight is 0")
    if teacher_epochs in insertion_epochs:
        raise GraphError(f"lir: insertion_epochs: {teacher_epochs} is teacher_epochs, the student's own; leave it out")
    for name, listed in (("snapshot_epochs", snapshot_epochs), ("insertion_epochs", insertion_epochs)):
        if late := [epoch for epoch in listed if epoch >= epochs]:
            raise GraphError(f"lir: {name}: expected epochs below train.epochs, {epochs}, got {late[0]}")
