"""Checks that look at the numbers of a run: each gives a sentence, or None where all is well."""

from __future__ import annotations

from avgraph.runs.outcome import Outcome

_AT_CONSTANT = 0.98  # of the constant's loss: what is left of it after an epoch's noise, not after learning


def loss_at_constant(outcome: Outcome) -> str | None:
    """The loss ends where a constant prediction has it, or above, or is no number.

    Example:
        >>> from avgraph.methods.trivial import Trivial
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
        >>> from avgraph.methods.trivial import Trivial
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


def metric_at_baseline(outcome: Outcome) -> str | None:
    """The headline does not beat a model that the run started from, or that needs no graph.

    What the trivial prediction reaches is the affair of `metric_at_trivial`.

    Example:
        >>> from avgraph.methods.headline import Headline
        >>> of = Headline("test/accuracy", baselines={"the CNN": 0.8})
        >>> metric_at_baseline(Outcome({"test/accuracy": 0.79}, [], headline=of))
        'test/accuracy 0.7900 does not beat the CNN, 0.8000: what was added to it gains nothing'
    """
    of = outcome.headline
    if of is None or of.metric not in outcome.metrics:
        return None
    reached, sign = outcome.metrics[of.metric], 1 if of.better == "higher" else -1
    trivial = None if outcome.trivial is None else outcome.trivial.prediction
    ahead = [
        f"{name}, {value:.4f}"
        for name, value in of.baselines.items()
        if name != trivial and not sign * reached > sign * value
    ]
    if not ahead:
        return None
    return f"{of.metric} {reached:.4f} does not beat {'; '.join(ahead)}: what was added to it gains nothing"


def graph_at_random(outcome: Outcome) -> str | None:
    """The edges of a learned graph are true no more often than edges put anywhere.

    Example:
        >>> graph_at_random(Outcome({"graph/edge_precision": 0.2, "graph/edge_chance": 0.3}, []))
        '0.2000 of the edges are true, 0.3000 of edges put anywhere would be: the graph is no better than a random one'
    """
    found, chance = (outcome.metrics.get(f"graph/edge_{name}") for name in ("precision", "chance"))
    if found is None or chance is None or found > chance:
        return None
    told = f"{found:.4f} of the edges are true, {chance:.4f} of edges put anywhere would be"
    return f"{told}: the graph is no better than a random one"


def coupling_not_converged(outcome: Outcome) -> str | None:
    """Couplings of the last epoch stopped before their marginals were right.

    Example:
        >>> coupling_not_converged(Outcome({}, [{"train/not_converged": 0.25}]))
        'the coupling of 25 % of the batches of the last epoch did not converge: see method (epsilon, max_iter)'
    """
    share = outcome.history[-1].get("train/not_converged", 0) if outcome.history else 0
    if not share > 0:
        return None
    told = f"the coupling of {100 * share:.0f} % of the batches of the last epoch did not converge"
    return f"{told}: see method (epsilon, max_iter)"


def has_true_edges(outcome: Outcome) -> bool:
    """Whether it is known which edges of the learned graph are true.

    Example:
        >>> has_true_edges(Outcome({}, []))
        False
    """
    return "graph/edge_precision" in outcome.metrics


def has_couplings(outcome: Outcome) -> bool:
    """Whether the method couples.

    Example:
        >>> has_couplings(Outcome({}, [{"train/not_converged": 0.0}]))
        True
    """
    return bool(outcome.history) and "train/not_converged" in outcome.history[-1]


def only_test_measured(outcome: Outcome) -> str | None:
    """The test split was measured while training went on, and there is no other to choose epochs and options by.

    Example:
        >>> only_test_measured(Outcome({}, [{"epoch": 0, "test/map": 0.5}]))
        'test/map was measured during training, and nothing on val: what is chosen by it is chosen by the test'
    """
    names = {name for record in outcome.history for name in record}
    measured = sorted(name for name in names if name.startswith("test/"))
    if not measured or any(name.startswith("val/") for name in names):
        return None
    told = "what is chosen by it is chosen by the test"
    return f"{measured[0]} was measured during training, and nothing on val: {told}"


def judged_by_chosen(outcome: Outcome) -> str | None:
    """The headline is of the split whose rows have chosen the epoch: the best of many measurements is partly luck.

    Example:
        >>> from avgraph.methods.headline import Headline
        >>> judged_by_chosen(Outcome({"val/map": 0.5}, [], headline=Headline("val/map"), chosen_by="val/map"))
        'val/map is judged on the rows that have chosen the epoch by val/map: hold out a test'
    """
    of, chosen_by = outcome.headline, outcome.chosen_by
    if of is None or chosen_by is None or of.metric.partition("/")[0] != chosen_by.partition("/")[0]:
        return None
    return f"{of.metric} is judged on the rows that have chosen the epoch by {chosen_by}: hold out a test"


def ceiling_reached(outcome: Outcome) -> str | None:
    """The headline is at the best value that its ceiling leaves room for.

    Example:
        >>> from avgraph.methods.headline import Headline
        >>> of = Headline("test/accuracy", ceiling=("the true class is a candidate", 0.9))
        >>> ceiling_reached(Outcome({"test/accuracy": 0.9}, [], headline=of))
        'test/accuracy 0.9000 is at its ceiling (the true class is a candidate, 0.9000): the method cannot raise it'
    """
    of = outcome.headline
    if of is None or of.ceiling is None or of.metric not in outcome.metrics:
        return None
    words, limit = of.ceiling
    reached, sign = outcome.metrics[of.metric], 1 if of.better == "higher" else -1
    if sign * reached < sign * limit:
        return None
    return f"{of.metric} {reached:.4f} is at its ceiling ({words}, {limit:.4f}): the method cannot raise it"
