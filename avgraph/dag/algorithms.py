"""Structure learning by name: this package's GRaSP, or another algorithm of causal-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, get_args

from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.errors import DataError

Algorithm: TypeAlias = Literal["grasp", "boss", "ges", "pc", "exact"]


def discover(
    data: Any,
    algorithm: Algorithm = "grasp",
    *,
    penalty_discount: float | None = None,
    alpha: float | None = None,
    restarts: int | None = None,
    seed: int | None = None,
    names: Sequence[str] | None = None,
) -> DAG:
    """Learn a DAG over the columns of ``data`` by ``algorithm``; an option it does not have is an error.

    ===========  =====================================================  =========================================
    algorithm    what runs                                              its options and their defaults
    ===========  =====================================================  =========================================
    ``grasp``    `avgraph.dag.grasp`, which has further options         penalty_discount 1, restarts 5, seed 0
    ``boss``     causal-learn, best order score search                  penalty_discount 1, restarts 1, seed 0
    ``ges``      causal-learn, greedy equivalence search                penalty_discount 1
    ``pc``       causal-learn, PC with Fisher's z test                  alpha 0.05
    ``exact``    causal-learn, A*; up to about 20 columns; discount ½   none
    ===========  =====================================================  =========================================

    Args:
        data: [n, p] array, tensor or data frame.
        algorithm: one of the table.
        penalty_discount: weight of log n per edge in the BIC.
        alpha: level of the independence tests.
        restarts: random starts, of which the best counts.
        seed: of the starts.
        names: of the columns.

    Raises:
        DataError: if the data cannot be used, the algorithm is unknown, an option does not belong to it, or PC's
            tests contradict each other.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> x[:, 1] += x[:, 0]
        >>> [discover(x, name).n_edges for name in ("grasp", "boss", "ges", "pc", "exact")]
        [1, 1, 1, 1, 1]
    """
    options = {"penalty_discount": penalty_discount, "alpha": alpha, "restarts": restarts, "seed": seed}
    taken = {
        "grasp": ("penalty_discount", "restarts", "seed"),
        "boss": ("penalty_discount", "restarts", "seed"),
        "ges": ("penalty_discount",),
        "pc": ("alpha",),
        "exact": (),
    }
    if algorithm not in taken:
        raise DataError(f"algorithm: expected {', '.join(get_args(Algorithm))}, got {algorithm!r}")
    for option, value in options.items():
        if value is not None and option not in taken[algorithm]:
            theirs = ", ".join(taken[algorithm]) or "none"
            raise DataError(f"{option}: not an option of algorithm {algorithm!r}; its options: {theirs}")
    discount = 1.0 if penalty_discount is None else penalty_discount
    level = 0.05 if alpha is None else alpha
    if not 0 < discount < float("inf"):
        raise DataError(f"penalty_discount: expected a number above 0, got {discount}")
    if not 0 < level < 1:
        raise DataError(f"alpha: expected a level between 0 and 1, got {level}")
    if algorithm == "grasp":
        return grasp(
            data, penalty_discount=discount, restarts=5 if restarts is None else restarts, seed=seed or 0, names=names
        )
    if restarts is not None and restarts < 1:
        raise DataError(f"restarts: expected at least 1 start, got {restarts}")
    from avgraph.dag import causal_learn  # it imports half of scientific Python

    if algorithm == "boss":
        return causal_learn.boss_reference(data, discount, restarts or 1, seed or 0, names)
    if algorithm == "ges":
        return causal_learn.ges_reference(data, discount, names)
    if algorithm == "pc":
        return causal_learn.pc_reference(data, level, names)
    return causal_learn.exact_reference(data, names)
