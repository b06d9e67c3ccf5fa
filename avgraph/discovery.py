"""A table of numbers to a dependency graph on disk: what `avgraph discover` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch_geometric.data import HeteroData

from avgraph.dag import (
    DAG,
    bootstrap_adjacencies,
    dependency_weights,
    discover,
    draw_dag,
    draw_edge_frequency,
    edge_frequency,
    grasp,
    read_table,
)
from avgraph.errors import DataError
from avgraph.export import export_graph
from avgraph.export.any_format import checked_output
from avgraph.runtime.interrupt import interruptible


@dataclass(frozen=True, eq=False)
class Discovery:
    """What was found and where it was written.

    Attributes:
        dag: the graph.
        weights: of its edges, see `avgraph.dag.dependency_weights`.
        frequency: how often each edge was found over the starts, or over the bootstraps where there are some.
        counted: what ``frequency`` counts: ``"starts"`` or ``"bootstraps"``.
        n_rows: rows of the table.
        files: the graph, its picture, the picture of the frequencies.

    Shapes:
        weights, frequency [p, p], parent row → child column.
    """

    dag: DAG
    weights: Float[np.ndarray, "p p"]
    frequency: Float[np.ndarray, "p p"]
    counted: str
    n_rows: int
    files: tuple[Path, ...]

    def edges(self) -> list[tuple[str, str, float, float]]:
        """(parent, child, weight, frequency) of every edge, the heaviest first."""
        found = [
            (self.dag.names[i], self.dag.names[j], float(self.weights[i, j]), float(self.frequency[i, j]))
            for i, j in zip(*np.nonzero(self.dag.adjacency), strict=True)
        ]
        return sorted(found, key=lambda edge: -edge[2])


@interruptible()
def discover_table(
    table: str | Path,
    output: str | Path,
    *,
    algorithm: Any = "grasp",
    bootstraps: int = 0,
    picture: str = "png",
    forbidden: Sequence[tuple[str, str]] = (),
    required: Sequence[tuple[str, str]] = (),
    time_limit: float | None = None,
    ridge: float | None = None,
    **settings: Any,
) -> Discovery:
    """Learn a DAG over the columns of ``table``; write it to ``output`` and two pictures beside it.

    Args:
        table: see `avgraph.dag.read_table`.
        output: ``.graphml``, ``.gexf``, ``.json`` or ``.parquet``; ``NAME.png`` and ``NAME_frequency.png`` go beside.
        algorithm: see `avgraph.dag.discover`; knowledge, time limit and ridge need ``"grasp"``.
        bootstraps: resamples of the rows for the frequencies; 0 counts the starts instead.
        picture: ``"png"`` or ``"svg"``.
        forbidden, required, time_limit, ridge: see `avgraph.dag.grasp`.
        settings: ``penalty_discount``, ``restarts``, ``perturbations``, ``seed``, ``alpha``; those that are
            ``None`` keep their default.

    Raises:
        DataError: if the table cannot be used or an option does not belong to the algorithm.
        GraphError: if the knowledge contradicts itself or names an unknown column.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.

    Example:
        >>> import tempfile
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> x[:, 1] += x[:, 0]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", x)
        ...     found = discover_table(f"{folder}/x.npy", f"{folder}/dag.graphml")
        ...     [file.name for file in found.files], found.dag.n_edges
        (['dag.graphml', 'dag.png', 'dag_frequency.png'], 1)
    """
    output = checked_output(output)
    pictures = [output.with_suffix(f".{picture}"), output.with_name(f"{output.stem}_frequency.{picture}")]
    if taken := [path for path in pictures if path.is_dir()]:
        raise DataError(f"{taken[0]}: is a folder; the picture of the graph goes there")
    read = read_table(table)
    options = {name: value for name, value in settings.items() if value is not None}
    only_grasp: dict[str, Any] = {
        name: value
        for name, value in {
            "forbidden": list(forbidden), "required": list(required), "time_limit": time_limit, "ridge": ridge
        }.items()
        if value not in (None, [])
    }  # fmt: skip
    if bootstraps < 0:
        raise DataError(f"bootstraps: expected at least 0, got {bootstraps}")
    if bootstraps and algorithm != "grasp":
        raise DataError(f"bootstraps: only for the algorithm 'grasp', not {algorithm!r}")
    if algorithm == "grasp" and "alpha" not in options:
        dag = grasp(read.x, names=read.names, **options, **only_grasp)
    elif only_grasp or "perturbations" in options:
        raise DataError(
            f"{', '.join(only_grasp) or 'perturbations'}: only the algorithm 'grasp' takes this, not {algorithm!r}"
        )
    else:
        dag = discover(read.x, algorithm, names=read.names, **options)
    graphs: Any = dag.start_adjacencies
    if bootstraps:
        resampled = {key: value for key, value in {**options, **only_grasp}.items() if key not in _PER_SEARCH}
        for knowledge in {"forbidden", "required"} & resampled.keys():  # by number: a resample has no names
            resampled[knowledge] = [tuple(map(read.names.index, pair)) for pair in resampled[knowledge]]
        graphs = bootstrap_adjacencies(read.x, bootstraps, seed=int(options.get("seed", 0)), **resampled)
    frequency = edge_frequency(graphs)
    weights = dependency_weights(read.x, dag.adjacency, ridge=ridge)
    counted = "bootstraps" if bootstraps else "starts"
    written = export_graph(dependency_graph(dag, weights, frequency), output)
    draw_dag(dag, pictures[0], weights=weights, most_edges=_MOST_PER_COLUMN * len(dag.names))
    draw_edge_frequency(frequency, pictures[1], names=dag.names, title=f"share of {len(graphs)} {counted}")
    return Discovery(dag, weights, frequency, counted, len(read.x), (Path(written), *pictures))


_MOST_PER_COLUMN = 2  # more edges than this and nobody can follow one in a picture
_PER_SEARCH = (
    "seed",
    "restarts",
    "perturbations",
    "time_limit",
)  # a bootstrap has its own seed, one start and all the time it needs


def dependency_graph(dag: DAG, weights: Float[np.ndarray, "p p"], frequency: Float[np.ndarray, "p p"]) -> HeteroData:
    """The DAG as a `HeteroData`: nodes ``column``, edges (column, drives, column) with weight and frequency.

    Example:
        >>> edge = np.array([[False, True], [False, False]])
        >>> dag = DAG(np.arange(2), edge, -10.0, ("rain", "wet"), True, 1, np.array([-10.0]), edge[None])
        >>> dependency_graph(dag, edge.astype(float), edge.astype(float))["column", "drives", "column"].edge_index
        tensor([[0],
                [1]])
    """
    data = HeteroData()
    data["column"].name = list(dag.names)
    data["column"].num_nodes = len(dag.names)
    parent, child = np.nonzero(dag.adjacency)
    edges = data["column", "drives", "column"]
    edges.edge_index = torch.from_numpy(np.stack([parent, child]))
    edges.edge_weight = torch.from_numpy(weights[parent, child]).float()
    edges.frequency = torch.from_numpy(frequency[parent, child]).float()
    return data
