"""What a structure search returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from jaxtyping import Bool, Float, Int

from avgraph.dag.cpdag import cpdag_of
from avgraph.errors import DataError


@dataclass(frozen=True, eq=False)
class DAG:
    """The best graph of a search, and what every start of it found.

    Searches that differ only in their starts agree poorly: an edge that few of ``start_adjacencies`` have should be
    read as a guess (see `avgraph.dag.edge_frequency`).

    Attributes:
        order: an ordering of the columns, parents before children.
        adjacency: parent row → child column.
        score: total BIC in the units of the data; higher is better.
        names: of the columns.
        converged: whether every start that was asked for ran to its local optimum; false if time ran out.
        n_starts: starts that did.
        start_scores: score of every start, those cut short by the time limit included.
        start_adjacencies: its graph.

    Shapes:
        order [p]; adjacency [p, p]; start_scores [s]; start_adjacencies [s, p, p], with s ≥ n_starts.

    Example:
        >>> edge = np.array([[False, True], [False, False]])
        >>> dag = DAG(np.arange(2), edge, -10.0, ("rain", "wet"), True, 1, np.array([-10.0]), edge[None])
        >>> list(dag.to_networkx().edges), dag.timed_out, dag
        ([('rain', 'wet')], False, DAG(columns=2, edges=1, score=-10.000, starts=1, converged=True))
    """

    order: Int[np.ndarray, " p"]
    adjacency: Bool[np.ndarray, "p p"]
    score: float
    names: tuple[str, ...]
    converged: bool
    n_starts: int
    start_scores: Float[np.ndarray, " s"]
    start_adjacencies: Bool[np.ndarray, "s p p"]

    @property
    def timed_out(self) -> bool:
        """Whether the time limit ended the search."""
        return not self.converged

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self.adjacency.sum())

    def parents(self, column: int | str) -> list[str]:
        """Names of the parents of a column, given by number or name.

        Raises:
            DataError: if there is no such column.
        """
        if isinstance(column, str):
            if column not in self.names:
                raise DataError(f"no column {column!r}")
            column = self.names.index(column)
        return [self.names[k] for k in np.flatnonzero(self.adjacency[:, column])]

    def cpdag(self) -> Bool[np.ndarray, "p p"]:
        """The Markov equivalence class: [i, j] and [j, i] both true where equivalent graphs differ in direction.

        Knowledge given to the search is not used here: it may fix directions that the class leaves open, see
        `avgraph.dag.class_under_knowledge`.
        """
        return cpdag_of(self.adjacency)

    def to_networkx(self, weights: Float[np.ndarray, "p p"] | None = None) -> Any:
        """The graph as a `networkx.DiGraph` on the column names, in column order.

        Args:
            weights: [p, p], written to the edges as ``weight`` (as from `avgraph.dag.dependency_weights`).

        Raises:
            DataError: if ``weights`` has another shape.
        """
        graph = nx.DiGraph(score=self.score, converged=self.converged)
        graph.add_nodes_from(self.names)
        if weights is not None and weights.shape != self.adjacency.shape:
            raise DataError(f"weights: expected {list(self.adjacency.shape)}, got {list(weights.shape)}")
        for parent, child in zip(*np.nonzero(self.adjacency), strict=True):
            attributes = {} if weights is None else {"weight": float(weights[parent, child])}
            graph.add_edge(self.names[parent], self.names[child], **attributes)
        return graph

    def __repr__(self) -> str:
        return (
            f"DAG(columns={len(self.names)}, edges={self.n_edges}, score={self.score:.3f}, "
            f"starts={self.n_starts}, converged={self.converged})"
        )
