"""A table of numbers to a dependency graph on disk: what `avgraph discover` runs.

Nothing slow is imported before the table and the options have been checked.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.dag import (
    DAG,
    Table,
    bootstrap_adjacencies,
    class_under_knowledge,
    consensus_graph,
    discover,
    edge_stability,
    grasp,
    read_table,
    regression_coefficients,
)
from avgraph.dag.knowledge import edge_matrix
from avgraph.dag.learn import PERTURBATIONS
from avgraph.errors import DataError
from avgraph.io.files_read import checksums
from avgraph.io.graph_path import checked_output
from avgraph.io.run_places import CONFIG
from avgraph.runtime.interrupt import interruptible
from avgraph.tools.found import AgreedEdge, Discovery, FoundEdge
from avgraph.tools.made_of import MadeOf

__all__ = ["AgreedEdge", "Discovery", "FoundEdge", "discover_table", "output_files"]

_MOST_PER_COLUMN = 2  # more edges than this and nobody can follow one in a picture
_GRASP_ALONE = ("perturbations", "time_limit", "ridge", "forbidden", "required")
# A bootstrap has its own seed, one start and all the time it needs.
_OF_A_BOOTSTRAP = ("penalty_discount", "ridge", "forbidden", "required")


@interruptible()
def discover_table(
    table: str | Path | Table,
    output: str | Path,
    *,
    algorithm: Any = "grasp",
    bootstraps: int = 0,
    picture: str = "png",
    node: str | None = None,
    attribute: str | None = None,
    columns: Sequence[str] = (),
    drop: Sequence[str] = (),
    forbidden: Sequence[tuple[str, str]] = (),
    required: Sequence[tuple[str, str]] = (),
    time_limit: float | None = None,
    ridge: float | None = None,
    penalty_discount: float | None = None,
    alpha: float | None = None,
    restarts: int | None = None,
    perturbations: int | None = None,
    seed: int | None = None,
) -> Discovery:
    """Learn a DAG over the columns of ``table``; write it to ``output`` and two pictures beside it.

    Args:
        table: a file (see `avgraph.dag.read_table`), a table, or a finished run's folder or ``graph.pt``.
        output: ``.graphml``, ``.gexf``, ``.json`` or ``.parquet``; files that exist are replaced.
            `output_files` names all that is written.
        algorithm: see `avgraph.dag.discover`; knowledge, time limit, perturbations and ridge need ``"grasp"``.
        bootstraps: resamples of the rows for the frequencies and the consensus; 0 counts the starts instead.
        picture: ``"png"`` or ``"svg"``.
        node, attribute: of a run's graph: the rows of which nodes, and what of them.
        columns, drop: names or patterns, see `avgraph.dag.read_table`.
        forbidden, required, time_limit, ridge, perturbations: see `avgraph.dag.grasp`.
        penalty_discount, alpha, restarts, seed: see `avgraph.dag.discover`; None keeps the algorithm's default.

    Raises:
        DataError: if the table cannot be used or an option does not belong to the algorithm.
        GraphError: if the knowledge contradicts itself or names an unknown column.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.

    Example:
        >>> import tempfile
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> x[:, 1] -= x[:, 0]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", x)
        ...     found = discover_table(f"{folder}/x.npy", f"{folder}/dag.graphml")
        ...     [file.name for file in found.files], [edge.directed for edge in found.edges()]
        (['dag.graphml', 'dag.png', 'dag_frequency.png'], [False])
    """
    files = output_files(output, picture=picture, bootstraps=bootstraps)
    if taken := [path for path in files[1:] if path.is_dir()]:
        raise DataError(f"{taken[0]}: is a folder; the picture of the graph goes there")
    read = table if isinstance(table, Table) else _read(Path(table), node, attribute, columns, drop)
    inputs = checksums([read.path] if read.path else [])
    options = {
        "penalty_discount": penalty_discount, "alpha": alpha, "restarts": restarts, "seed": seed,
        "perturbations": perturbations, "time_limit": time_limit, "ridge": ridge,
        "forbidden": list(forbidden) or None, "required": list(required) or None,
    }  # fmt: skip
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if bootstraps < 0:
        raise DataError(f"bootstraps: expected at least 0, got {bootstraps}")
    if bootstraps and algorithm != "grasp":
        raise DataError(f"bootstraps: only for the algorithm 'grasp', not {algorithm!r}")
    dag = _search(read, algorithm, given)
    knowledge = {side: edge_matrix(given.get(side), read.names, side) for side in ("forbidden", "required")}
    graphs = dag.start_adjacencies
    if bootstraps:
        resampled = {name: given[name] for name in _OF_A_BOOTSTRAP if name in given}
        for side in knowledge.keys() & resampled.keys():  # by number: a resample has no names
            resampled[side] = [(int(i), int(j)) for i, j in np.argwhere(knowledge[side])]
        graphs = bootstrap_adjacencies(read.x, bootstraps, seed=seed or 0, **resampled)
    stability = edge_stability(graphs, **knowledge)
    settings = {
        "algorithm": algorithm, **_resolved(algorithm, given), "bootstraps": bootstraps,
        "columns": list(columns), "drop": list(drop),
        **({} if node is None else {"node": node, "attribute": attribute, "notes": list(read.notes)}),
    }  # fmt: skip
    found = Discovery(
        dag=dag,
        equivalence_class=class_under_knowledge(dag.adjacency, **knowledge),
        coefficients=regression_coefficients(read.x, dag.adjacency, ridge=ridge),
        stability=stability,
        consensus=consensus_graph(stability) if bootstraps else None,
        counted="bootstraps" if bootstraps else "starts",
        n_rows=len(read.x),
        left_out=read.left_out,
        made_of=MadeOf(settings, inputs),
        files=files,
    )
    from avgraph.tools.write_discovery import write_discovery

    write_discovery(found, most_edges=_MOST_PER_COLUMN * len(dag.names))
    return found


def output_files(output: str | Path, *, picture: str = "png", bootstraps: int = 0) -> tuple[Path, ...]:
    """Everything that `discover_table` writes: NAME.graphml, NAME.png and NAME_frequency.png, and with bootstraps
    NAME_consensus.graphml and NAME_consensus.png.

    Raises:
        DataError: if a graph cannot be written to ``output``.

    Example:
        >>> [file.name for file in output_files("dag.json", picture="svg")]
        ['dag.json', 'dag.svg', 'dag_frequency.svg']
    """
    graph = checked_output(output)
    pictures = graph.with_suffix(f".{picture}"), graph.with_name(f"{graph.stem}_frequency.{picture}")
    consensus = graph.with_name(f"{graph.stem}_consensus{graph.suffix}")
    return (graph, *pictures, *((consensus, consensus.with_suffix(f".{picture}")) if bootstraps else ()))


def _read(path: Path, node: str | None, attribute: str | None, columns: Sequence[str], drop: Sequence[str]) -> Table:
    """The table of a file, or of the nodes of a graph."""
    if (node is None) != (attribute is None):
        raise DataError(
            f"{'node' if node is None else 'attribute'}: missing; a run's table is an attribute of its nodes"
        )
    if node is None or attribute is None:
        if (path / CONFIG).is_file():
            told = "the folder of a run; expected a node type and an attribute, such as audio and score"
            raise DataError(f"node, attribute: {path} is {told}")
        return read_table(path, columns, drop)
    from avgraph.tools.graph_table import graph_table, is_graph

    if not is_graph(path):
        raise DataError(f"node, attribute: only of a run or its graph.pt, not of {path}")
    return graph_table(path, node, attribute, tuple(columns), tuple(drop))


def _search(read: Table, algorithm: Any, given: dict[str, Any]) -> DAG:
    if algorithm == "grasp" and "alpha" not in given:
        return grasp(read.x, names=read.names, **given)
    if alone := [name for name in _GRASP_ALONE if name in given]:
        raise DataError(f"{', '.join(alone)}: only the algorithm 'grasp' takes this, not {algorithm!r}")
    return discover(read.x, algorithm, names=read.names, **given)


def _resolved(algorithm: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options as given, pairs as lists; for GRaSP also the defaults of those that were not."""
    defaults = inspect.signature(grasp).parameters if algorithm == "grasp" else {}
    names = ("penalty_discount", "depth", "restarts", "perturbations", "seed", "time_limit", "ridge")
    pairs = {side: [list(pair) for pair in given[side]] for side in ("forbidden", "required") if side in given}
    resolved = {name: defaults[name].default for name in names if name in defaults}
    if algorithm == "grasp":
        resolved["perturbations"] = PERTURBATIONS
    return resolved | given | pairs
