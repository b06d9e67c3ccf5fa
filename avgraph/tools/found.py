"""What `avgraph discover` has found: the graph, what of it the data identify, and how stable each edge is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag import DAG, EdgeStability
from avgraph.dag.weights import as_shares
from avgraph.tools.made_of import MadeOf

Matrix = Float[np.ndarray, "p p"]
Edges = Bool[np.ndarray, "p p"]

# Rows a column below which a line says so. Of independent columns (5, 10, 20, 40) that have none, the search with its
# defaults finds 2.4 to 7 edges at 1.2 rows a column, .7 to 2.8 at 2, .2 to 1 at 5, and .1 to .3 from 10 on.
_ROWS_A_COLUMN = 10


class FoundEdge(NamedTuple):
    """An edge of the graph that was found, and how far to trust it.

    Attributes:
        parent, child: its ends; only where ``directed`` do the data, and what was known, tell which is which.
        directed: whether all equivalent graphs have it this way.
        coefficient: of the standardised child on its standardised parents, with its sign.
        weight: absolute coefficient as a share of the sum over the whole graph, as LIR uses it.
        forward, backward: share of the starts, or bootstraps, that identify parent → child, and child → parent.
        adjacent: share that joins the two, with whatever direction or none.
    """

    parent: str
    child: str
    directed: bool
    coefficient: float
    weight: float
    forward: float
    backward: float
    adjacent: float


class AgreedEdge(NamedTuple):
    """An edge of the consensus of the bootstraps; the attributes are those of `FoundEdge`."""

    parent: str
    child: str
    directed: bool
    forward: float
    backward: float
    adjacent: float


@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found and where it was written.

    Attributes:
        dag: the graph, one of its equivalence class.
        equivalence_class: of the graph, under what was known; [i, j] and [j, i] both true where direction is open.
        coefficients: of each standardised column on its parents.
        stability: of all edges over the starts, or over the bootstraps where there are some.
        consensus: what most bootstraps agree on, see `avgraph.dag.consensus_graph`; None without bootstraps.
        counted: what ``stability`` counts: ``"starts"`` or ``"bootstraps"``.
        n_rows: rows of the table.
        left_out: a few words on each column of the table that was left out.
        made_of: settings and inputs.
        files: the graph, its picture, the picture of the frequencies; then the consensus and its picture.

    Shapes:
        equivalence_class, coefficients, consensus [p, p], parent row → child column.
    """

    dag: DAG
    equivalence_class: Edges
    coefficients: Matrix
    stability: EdgeStability
    consensus: Edges | None
    counted: str
    n_rows: int
    left_out: tuple[str, ...]
    made_of: MadeOf
    files: tuple[Path, ...]

    @property
    def weights(self) -> Matrix:
        """Strength of every edge as a share of all, see `avgraph.dag.dependency_weights`."""
        return as_shares(np.abs(self.coefficients))

    @property
    def frequency(self) -> Matrix:
        """How often each direction was found and identified, parent row → child column."""
        return self.stability.directed

    def edges(self) -> list[FoundEdge]:
        """Every edge: those that are found most often first, and of these the strongest."""
        names, weights = self.dag.names, self.weights
        found = [
            FoundEdge(
                names[i],
                names[j],
                not bool(self.equivalence_class[j, i]),
                float(self.coefficients[i, j]),
                float(weights[i, j]),
                *self._shares(i, j),
            )
            for i, j in np.argwhere(self.dag.adjacency).tolist()
        ]
        return sorted(found, key=lambda edge: (-edge.adjacent, -edge.weight))

    def agreed(self) -> list[AgreedEdge]:
        """Every edge of the consensus, the most frequent first; none without bootstraps."""
        if self.consensus is None:
            return []
        names, opposite = self.dag.names, self.consensus.T
        found = [
            AgreedEdge(names[i], names[j], not bool(opposite[i, j]), *self._shares(i, j))
            for i, j in np.argwhere(self.consensus).tolist()
            if i < j or not opposite[i, j]  # an undirected edge stands in the matrix twice
        ]
        return sorted(found, key=lambda edge: -edge.adjacent)

    def cautions(self) -> list[str]:
        """A line on each reason to believe the graph less; none where there is none."""
        dag, p, told = self.dag, len(self.dag.names), []
        if self.n_rows < _ROWS_A_COLUMN * p:
            told.append(
                f"{self.n_rows} rows for {p} columns: below {_ROWS_A_COLUMN} rows a column some edges are likely chance"
            )
        joined = (dag.start_adjacencies | dag.start_adjacencies.mT).any(0)
        if self.counted == "starts" and (alone := int((dag.adjacency & ~joined).sum())):
            told.append(
                f"{alone} of {dag.n_edges} edges are in no start: "
                "a perturbation found this graph, which is better than that of every start"
            )
        return told

    def _shares(self, i: int, j: int) -> tuple[float, float, float]:
        counted = self.stability
        return float(counted.directed[i, j]), float(counted.directed[j, i]), float(counted.adjacent[i, j])
