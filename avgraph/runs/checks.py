"""What a finished run should be asked before anybody believes it. A check more is a function and a row in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from avgraph.runs.checks_of_data import class_without_test, has_sources, source_in_two_folds, stand_in
from avgraph.runs.checks_of_numbers import (
    ceiling_reached,
    coupling_not_converged,
    graph_at_random,
    has_couplings,
    has_true_edges,
    judged_by_chosen,
    loss_at_constant,
    metric_at_baseline,
    metric_at_trivial,
    only_test_measured,
)
from avgraph.runs.outcome import Outcome

__all__ = ["CHECKS", "Check", "Outcome", "run_checks"]


class Check(NamedTuple):
    """A row of the table.

    Attributes:
        number: for good: a check that goes takes its number with it.
        name: a word for it.
        asks: the question, in a line.
        finds: a sentence, or None where all is well.
        applies: whether there is anything to ask about.
    """

    number: str
    name: str
    asks: str
    finds: Callable[[Outcome], str | None]
    applies: Callable[[Outcome], bool] = lambda outcome: True


CHECKS = (
    Check("A01", "loss_at_constant", "Is the loss below that of a constant prediction?", loss_at_constant),
    Check("A02", "metric_at_trivial", "Is the result better than what needs no data?", metric_at_trivial),
    Check("A03", "metric_at_baseline", "Is it better than what the method started from?", metric_at_baseline),
    Check("A04", "graph_at_random", "Is the learned graph better than a random one?", graph_at_random, has_true_edges),
    Check("A05", "coupling_not_converged", "Did the couplings converge?", coupling_not_converged, has_couplings),
    Check(
        "A06", "source_in_two_folds", "Is every source file on one side of the split?", source_in_two_folds, has_sources
    ),
    Check("A07", "only_test_measured", "Are there rows to choose by other than the test's?", only_test_measured),
    Check("A08", "ceiling_reached", "Is there room below the ceiling?", ceiling_reached),
    Check("A09", "class_without_test", "Has every class a test row?", class_without_test),
    Check("A10", "stand_in", "Are the data real?", stand_in),
    Check("A11", "judged_by_chosen", "Is it judged by other rows than have chosen the epoch?", judged_by_chosen),
)


def run_checks(outcome: Outcome) -> list[dict[str, str]]:
    """``number``, ``name`` and ``message`` of every check that has something to say; none where all is well.

    Example:
        >>> from avgraph.methods.trivial import Trivial
        >>> run_checks(Outcome({"test/accuracy": 0.9}, [{"train/loss": 0.1}], Trivial(0.3, {"test/accuracy": 0.1})))
        []
    """
    found = ((check, check.finds(outcome)) for check in CHECKS)
    return [
        {"number": check.number, "name": check.name, "message": message}
        for check, message in found
        if message is not None
    ]
