"""When the stages of an LIR experiment begin, and whether every epoch that it names will come."""

from __future__ import annotations

from collections.abc import Sequence


def teacher_epochs(written: int | None, epochs: int) -> int:
    """Epochs before the student: as written, or two fifths of all, as in the paper (400 of 1000).

    Example:
        >>> teacher_epochs(None, 1000), teacher_epochs(None, 5), teacher_epochs(3, 5)
        (400, 2, 3)
    """
    return 2 * epochs // 5 if written is None else written


def schedule_mistakes(
    epochs: int, teacher: int, snapshots: Sequence[int], insertions: Sequence[int], *, regularised: bool
) -> list[tuple[str, str]]:
    """Option and message for every part of a schedule that would silently never happen.

    Args:
        epochs: of the whole training; 0 trains nothing and has no schedule.
        teacher: epochs before the student.
        snapshots: epochs after which a graph is kept.
        insertions: epochs after which a branch gets its graph.
        regularised: whether γ is above 0.

    Example:
        >>> schedule_mistakes(5, 10, [], [], regularised=True)[0][1]
        'expected fewer than train.epochs, 5, got 10: the student never starts; or set method.interaction_weight to 0'
    """
    if epochs == 0:
        return []
    found = []
    if regularised and epochs <= teacher:
        told = f"expected fewer than train.epochs, {epochs}, got {teacher}: the student never starts"
        found.append(("teacher_epochs", f"{told}; or set method.interaction_weight to 0"))
    if insertions and not regularised:
        found.append(("insertion_epochs", "insert a graph, but method.interaction_weight is 0"))
    if teacher in insertions:
        found.append(("insertion_epochs", f"{teacher} is teacher_epochs, the student's own; leave it out"))
    for name, listed in (("snapshot_epochs", snapshots), ("insertion_epochs", insertions)):
        if late := [epoch for epoch in listed if epoch >= epochs]:
            found.append((name, f"expected epochs below train.epochs, {epochs}, got {late[0]}"))
    return found
