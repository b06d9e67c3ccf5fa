"""Options of the search for a dependency graph, which a method and a transform share. Imports no torch."""

from __future__ import annotations

from typing import Any, Literal

from avgraph.options.strict import Options
from avgraph.options.values import NonNegative, Positive, Rate


class DependencySearch(Options):
    """Options of `avgraph.dag.infer_dependencies`.

    Attributes:
        restarts: of the search for the graph, see `avgraph.dag.grasp`.
        penalty_discount: of its score: more is fewer edges.
        l1: of the regression that weighs its edges, see `avgraph.dag.dependency_weights`.
        ridge: of its covariance, where columns are collinear.
        signs: of weights that become edges: the size of all, as published, or positive ones only.
    """

    restarts: Positive = 5
    penalty_discount: Rate = 1.0
    l1: NonNegative = 0.0
    ridge: Rate | None = None
    signs: Literal["absolute", "positive"] = "absolute"

    def search(self) -> dict[str, Any]:
        """Keyword arguments of `avgraph.dag.infer_dependencies`."""
        return {
            "restarts": self.restarts,
            "penalty_discount": self.penalty_discount,
            "l1": self.l1,
            "ridge": self.ridge,
            "signs": self.signs,
        }
