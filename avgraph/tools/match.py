"""Two tables of numbers to a coupling on disk: what `avgraph match` runs. Nothing is trained."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, GraphError
from avgraph.export import export_graph
from avgraph.io.arrays import read_array
from avgraph.io.files_read import checksums
from avgraph.io.graph_path import checked_output
from avgraph.io.references import split_reference
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.tools.made_of import MadeOf
from avgraph.transforms import CouplingEdges


@dataclass(frozen=True, eq=False)
class Matching:
    """What was coupled and where it was written.

    Attributes:
        graph: nodes ``source`` and ``target``, edges (source, coupled, target) with ``mass``, the share of 1, and the
            same as ``edge_weight``, which other programs read as the weight.
        solver: how.
        file: where the graph is.
        made_of: settings and inputs.
    """

    graph: HeteroData
    solver: str
    file: Path
    made_of: MadeOf

    @property
    def moved(self) -> float:
        """Total mass on the edges, at most 1; what is below the threshold is left out."""
        return float(self.graph["source", "coupled", "target"].mass.sum())

    def pairs(self) -> list[tuple[str, str, float]]:
        """(source, target, mass) of every edge, the heaviest first."""
        edges = self.graph["source", "coupled", "target"]
        names = [self.graph[node].name for node in ("source", "target")]
        order = edges.mass.argsort(descending=True, stable=True)
        rows = (edges.edge_index[:, order], edges.mass[order])
        return [
            (names[0][i], names[1][j], mass) for i, j, mass in zip(*rows[0].tolist(), rows[1].tolist(), strict=True)
        ]


@interruptible()
def match_tables(
    source: str | Path,
    target: str | Path,
    output: str | Path,
    *,
    solver: Any = "sinkhorn",
    source_names: str | Path | None = None,
    target_names: str | Path | None = None,
    **settings: Any,
) -> Matching:
    """Couple the rows of two tables of one width and write the pairs that get mass as a graph.

    Args:
        source, target: references to arrays [n, d] and [m, d] (see `avgraph.io.arrays.read_array`).
        output: ``.graphml``, ``.gexf``, ``.json`` or ``.parquet``.
        solver: ``"sinkhorn"``, ``"partial"``, ``"emd"`` or ``"unbalanced"``.
        source_names, target_names: references to one name per row; row numbers if not given.
        settings: ``epsilon``, ``mass``, ``marginal_penalty``, ``unit_rows``, ``threshold``, ``max_iter`` of
            `avgraph.transforms.CouplingEdges`; those that are ``None`` keep their default.

    Raises:
        DataError: if a table cannot be used or the output cannot be written.
        GraphError: if an option does not belong to the solver, is out of range, or the solver does not converge.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/a.npy", np.eye(3))
        ...     np.save(f"{folder}/b.npy", np.eye(3)[[2, 0, 1]])
        ...     found = match_tables(f"{folder}/a.npy", f"{folder}/b.npy", f"{folder}/coupling.graphml")
        ...     sorted(pair[:2] for pair in found.pairs())
        [('0', '1'), ('1', '2'), ('2', '0')]
    """
    output = checked_output(output)
    given = {name: value for name, value in settings.items() if value is not None}
    if solver == "emd" and (unused := [name for name in ("epsilon", "max_iter") if name in given]):
        raise GraphError(f"{unused[0]}: not with solver 'emd', which is exact")
    step = CouplingEdges("source", "target", solver=solver, **given)
    x, y = _table(source), _table(target)
    if x.shape[1] != y.shape[1]:
        raise DataError(f"{source}, {target}: expected tables of one width, got {list(x.shape)} and {list(y.shape)}")
    data = HeteroData()
    for node, table, names in (("source", x, source_names), ("target", y, target_names)):
        data[node].x = table
        data[node].name = _names(names, len(table))
    with counted(None, f"coupling {len(x)} × {len(y)} rows"):
        graph = step(data)
    for node in ("source", "target"):  # the pairs are what was asked for; the tables are there already
        del graph[node].x
        graph[node].num_nodes = len(graph[node].name)
    edges = graph["source", "coupled", "target"]
    edges.edge_weight = edges.mass
    references = [source, target, *(names for names in (source_names, target_names) if names is not None)]
    resolved = {"solver": solver, **_resolved(solver, given)}
    made_of = MadeOf(resolved, checksums(split_reference(reference)[0] for reference in references))
    made_of.write_to(graph)
    return Matching(graph, solver, Path(export_graph(graph, output)), made_of)


def _resolved(solver: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options as given, and the defaults of those that were not."""
    unused = ("epsilon", "max_iter") if solver == "emd" else ()
    defaults = inspect.signature(CouplingEdges).parameters
    names = ("epsilon", "mass", "marginal_penalty", "unit_rows", "threshold", "max_iter")
    return {name: defaults[name].default for name in names if name not in unused} | given


def _table(reference: str | Path) -> Tensor:
    array = read_array(reference)
    if array.ndim != 2 or array.dtype.kind not in "fiub" or 0 in array.shape:
        raise DataError(f"{reference}: expected a table of numbers [n, d], got {array.dtype} {list(array.shape)}")
    table = torch.from_numpy(np.array(array, dtype=np.float32))
    wrong = ~table.isfinite().all(1)
    if bool(wrong.any()):
        raise DataError(f"{reference}: row {int(wrong.nonzero()[0])} has NaN or infinite values")
    return table


def _names(reference: str | Path | None, count: int) -> list[str]:
    if reference is None:
        return [str(row) for row in range(count)]
    names = [str(name) for name in read_array(reference).tolist()]
    if len(names) != count:
        raise DataError(f"{reference}: expected {count} names, one per row, got {len(names)}")
    return names
