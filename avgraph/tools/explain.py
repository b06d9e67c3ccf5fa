"""Why a finished run says what it says: what `avgraph explain` runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export import export_graph
from avgraph.figures import draw_explanation
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.graph_path import SUFFIXES, writable
from avgraph.io.pictures import noted
from avgraph.methods.explanation import ExplainOptions, Explanation
from avgraph.runs import folder as folder
from avgraph.runs.fidelity import FidelityStudy, fidelity_study
from avgraph.runs.finished import Run, load_run
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import run_settings
from avgraph.tools.named_edge import edge_numbers, node_number

PICTURES = (".png", ".svg")


@dataclass(frozen=True, eq=False)
class Explained:
    """What was found, and what was written.

    Attributes:
        found: of one edge, or of many predictions.
        files: those that were asked for, and those kept in the folder of the run.
    """

    found: Explanation | FidelityStudy
    files: list[Path]


def explain(
    run: Run | str | Path,
    edge: tuple[str | int, str | int | None],
    *,
    options: ExplainOptions | None = None,
    device: str | None = None,
) -> Explanation:
    """What the answer of a finished run for one edge rests on.

    Args:
        run: the run, or its folder.
        edge: names or numbers of its ends; the run's prediction for the source where the target is None.
        options: how; see `avgraph.methods.explanation.ExplainOptions`.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; as trained if not given.

    Raises:
        DataError: if there are no such nodes, or the method explains nothing.
        GraphError: if the run does not judge this edge.

    Example:
        >>> import avgraph
        >>> found = avgraph.explain("runs/rrnet-esc10/…", ("1-100032-A-0", None))  # doctest: +SKIP
        >>> found.edges[0].importance, found.faithfulness[0].plus  # doctest: +SKIP
    """
    run = run if isinstance(run, Run) else load_run(run, device=device)
    (source, _, target), task = _explained(run), run.model
    first = node_number(task.graph, source, edge[0])
    second = None if edge[1] is None else node_number(task.graph, target, edge[1])
    with interruptible(), run_settings(run.experiment.train.threads):
        return task.explain(first, second, options or ExplainOptions())


@interruptible()
def explain_edge(
    run: str | Path,
    edge: str | None,
    node: str | None,
    output: Sequence[Path] = (),
    *,
    options: ExplainOptions,
    keep: bool = True,
    device: str | None = None,
) -> Explained:
    """Explain one edge, and write what was found.

    Args:
        run: folder of a finished run.
        edge: ``SOURCE,TARGET``, names or numbers.
        node: SOURCE, in place of an edge: the run's prediction for it.
        output: see `checked_outputs`.
        options: how.
        keep: whether `avgraph report` is to show it: a table and a picture in ``explanations`` of the run's folder.
        device: as of `explain`.

    Raises:
        DataError: as `explain`, or if a file cannot be written.
        GraphError: as `explain`.
    """
    loaded = load_run(run, device=device)
    kind, graph = _explained(loaded), loaded.model.graph
    ends: tuple[str | int, int | None] = (node or "", None)
    if edge is not None:
        ends = edge_numbers(graph, kind, edge)
    found = explain(loaded, ends, options=options)
    files = list(output)
    if keep:
        place = loaded.directory / folder.EXPLANATIONS
        place.mkdir(exist_ok=True)
        stem = f"edge-{found.source}-{found.target}"
        folder.write_json(place / f"{stem}.json", found.as_dict())
        files += [place / f"{stem}.json", place / f"{stem}.png"]
    made_up = Provenance.of(found.graph).source == "synthetic"
    for path in files:
        if path.suffix.lower() in PICTURES:
            with noted("SYNTHETIC data" if made_up else ""):
                draw_explanation(found.graph, found.relation, path)
        elif path in output:
            export_graph(with_summary(found), path)
    return Explained(found, files)


@interruptible()
def explain_predictions(
    run: str | Path, count: int, *, split: str = "test", options: ExplainOptions, keep: bool = True,
    device: str | None = None,
) -> Explained:  # fmt: skip
    """Explain predictions drawn from a split, and compare what was chosen with random choices.

    Args:
        run: folder of a finished run.
        count: how many; all of the split if it has fewer.
        split: ``train``, ``val`` or ``test``.
        options: how; the seed draws the predictions too.
        keep: whether `avgraph report` is to show it.
        device: as of `explain`.

    Raises:
        DataError: if the split has no nodes, or the method explains nothing.
    """
    loaded = load_run(run, device=device)
    (source, _, _), task = _explained(loaded), loaded.model
    mask = task.graph[source].get(f"{split}_mask")
    if mask is None or not bool(mask.any()):
        raise DataError(f"split: no {source} node is of the split {split!r}")
    rows = np.random.default_rng(options.seed).permutation(mask.nonzero()[:, 0].cpu().numpy())[:count]
    found: list[Explanation] = []
    with (
        run_settings(loaded.experiment.train.threads),
        counted(len(rows), f"{loaded.experiment.name}: explaining predictions") as advance,
    ):
        for row in rows.tolist():
            found.append(task.explain(row, None, options))
            advance(1)
    study, files = fidelity_study(split, options, found), []
    if keep:
        files = [loaded.directory / folder.EXPLANATIONS / f"predictions-{split}-{options.algorithm}.json"]
        files[0].parent.mkdir(exist_ok=True)
        folder.write_json(files[0], study.as_dict())
    return Explained(study, files)


def checked_outputs(output: Sequence[Path]) -> list[Path]:
    """The paths, if an explanation can be written to them: graphs, or pictures in .png and .svg.

    Raises:
        DataError: for another suffix or a missing folder.

    Example:
        >>> checked_outputs([Path("why.txt")])
        Traceback (most recent call last):
        avgraph.errors.DataError: why.txt: expected a file .graphml, .gexf, .json, .parquet, .png, .svg in a folder ...
    """
    return [writable(path, (*SUFFIXES, *PICTURES)) for path in output]


def with_summary(found: Explanation) -> HeteroData:
    """The graph of an explanation with all else that it says under ``explanation``."""
    graph = found.graph.clone()
    graph.explanation = {key: value for key, value in found.as_dict().items() if key != "edges"}
    return graph


def _explained(run: Run) -> EdgeType:
    kind = run.model.explained()
    if kind is None:
        method = run.experiment.method.type
        told = "explain takes apart answers that come of messages along edges, as those of rrnet"
        raise DataError(
            f"{run.directory}: method '{method}' explains nothing: {told}; what {method} has learned of its edges "
            "is in its graph (avgraph export)"
        )
    return kind
