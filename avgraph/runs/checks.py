"""What a finished run should be asked before anybody believes it. A check more is a function and a row in `CHECKS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avgraph.methods.trivial import Trivial

_AT_CONSTANT = 0.98  # of the constant's loss: what is left of it after an epoch's noise, not after learning


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        metrics: `<split>/<name>` numbers.
        history: numbers of every epoch, as in ``metrics.jsonl``.
        trivial: what could be had without the data; None where the method does not know.
    """

    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    trivial: Trivial | None


def loss_at_constant(outcome: Outcome) -> str | None:
    """The loss ends where a constant prediction has it, or above.

    Example:
        >>> loss_at_constant(Outcome({}, [{"train/loss": 0.3249}], Trivial(loss=0.3251)))
        'the loss ends at 0.3249, a constant prediction has 0.3251: nothing was learned; see train (lr, epochs)'
        >>> loss_at_constant(Outcome({}, [{"train/loss": 0.1}], Trivial(loss=0.3251)))
    """
    ends = outcome.history[-1].get("train/loss") if outcome.history else None
    constant = None if outcome.trivial is None else outcome.trivial.loss
    if ends is None or constant is None or ends < _AT_CONSTANT * constant:
        return None
    told = f"the loss ends at {ends:.4f}, a constant prediction has {constant:.4f}"
    return f"{told}: nothing was learned; see train (lr, epochs)"


def metric_at_trivial(outcome: Outcome) -> str | None:
    """No metric on the test split (where there is none: on val) beats the trivial prediction.

    Example:
        >>> metric_at_trivial(Outcome({"test/accuracy": 0.09}, [], Trivial(metrics={"test/accuracy": 0.1})))
        'test/accuracy 0.0900 does not beat the majority class, 0.1000'
        >>> metric_at_trivial(Outcome({"test/mae": 0.7}, [], Trivial(errors={"test/mae": 0.6}, prediction="the mean")))
        'test/mae 0.7000 does not beat the mean, 0.6000'
    """
    if outcome.trivial is None:
        return None
    known = [(name, value, 1) for name, value in outcome.trivial.metrics.items()]
    known += [(name, value, -1) for name, value in outcome.trivial.errors.items()]
    for split in ("test", "val"):
        pairs = [
            (name, outcome.metrics[name], value, sign)
            for name, value, sign in known
            if name.startswith(f"{split}/") and name in outcome.metrics
        ]
        told = [
            f"{name} {reached:.4f} does not beat {outcome.trivial.prediction}, {value:.4f}"
            for name, reached, value, sign in pairs
            if not sign * reached > sign * value  # NaN too
        ]
        if pairs:
            return "; ".join(told) or None
    return None


CHECKS: tuple[tuple[str, Callable[[Outcome], str | None]], ...] = (
    ("loss_at_constant", loss_at_constant),
    ("metric_at_trivial", metric_at_trivial),
)


def run_checks(outcome: Outcome) -> list[dict[str, str]]:
    """``name`` and ``message`` of every check that has something to say; none where all is well.

    Example:
        >>> run_checks(Outcome({"test/accuracy": 0.9}, [{"train/loss": 0.1}], Trivial(0.3, {"test/accuracy": 0.1})))
        []
    """
    found = ((name, check(outcome)) for name, check in CHECKS)
    return [{"name": name, "message": message} for name, message in found if message is not None]
