"""Checks of many runs, each told once. No torch."""

from __future__ import annotations

from collections.abc import Iterable


def joint_checks(found: Iterable[tuple[str, str, str]], runs: int) -> list[str]:
    """A line a check, in their order: in how many of the runs, and what it says of the first.

    Args:
        found: number of the check, run, message.
        runs: how many there are.

    Example:
        >>> joint_checks([("A03", "fold 1", "it gains nothing"), ("A03", "fold 2", "it loses")], 5)
        ['A03 in 2 of 5: fold 1: it gains nothing']
    """
    told: dict[str, list[str]] = {}
    for number, run, message in found:
        told.setdefault(number, []).append(f"{run}: {message}")
    return [f"{number} in {len(lines)} of {runs}: {lines[0]}" for number, lines in sorted(told.items())]
