"""Runs as tables on the terminal, synthetic data named before any number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from avgraph.io.run_places import METRICS

if TYPE_CHECKING:  # only what was run is imported
    from avgraph.runs.elsewhere import Elsewhere
    from avgraph.runs.finished import Run
    from avgraph.runs.folds import FoldRuns
    from avgraph.tools.discover import Discovery
    from avgraph.tools.embed import Embedded
    from avgraph.tools.match import Matching
    from avgraph.tools.predict import Predicted
    from avgraph.tools.segment import Segmented


def print_run(run: Run) -> None:
    """The metrics of a run and where it is."""
    print_metrics(run.metrics)
    Console(highlight=False, soft_wrap=True).print(f"run: {run.directory}", markup=False)


def print_elsewhere(done: Elsewhere) -> None:
    """The metrics of a run on another data set, and where they are kept."""
    print_metrics(done.metrics)
    trained = done.metrics["trained_on"].get("dataset")
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"trained on: {trained}; nothing was learned of these data", markup=False)
    console.print(f"wrote {done.file}", markup=False)


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """One row per metric, one column per split."""
    console = Console(highlight=False, soft_wrap=True)
    print_source(console, metrics.get("data", {}))
    values = {name: value for name, value in metrics.items() if isinstance(value, float) and "/" in name}
    if not values:
        console.print("no metrics: the data hold nothing out to evaluate on")
        print_checks(metrics)
        return
    splits = list(dict.fromkeys(name.split("/", 1)[0] for name in values))
    table = Table("", *splits, title=Text(str(metrics.get("experiment", ""))), title_justify="left")
    for row in dict.fromkeys(name.split("/", 1)[1] for name in values):
        table.add_row(Text(row), *(_number(values.get(f"{split}/{row}")) for split in splits))
    console.print(table)
    print_selected(console, metrics)
    print_checks(metrics)


def print_selected(console: Console, metrics: Mapping[str, Any]) -> None:
    """Which epoch the weights are of, where one was chosen, and whether training has stopped before its end."""
    if (found := metrics.get("selected")) is not None:
        told = f"weights: after epoch {found['epoch'] + 1}, the best by {found['metric']}, {found['value']:.4f}"
        console.print(told, markup=False)
    if (epochs := metrics.get("stopped_after")) is not None:
        console.print(f"training: stopped after epoch {epochs}, as nothing better came (train.patience)", markup=False)


def print_checks(metrics: Mapping[str, Any]) -> None:
    """What speaks against the numbers of a run, a line each."""
    console = Console(highlight=False, soft_wrap=True)
    for check in metrics.get("checks", []):
        number = f" {check['number']}" if "number" in check else ""  # runs of older versions have none
        console.print(f"check{number}: {check['message']}", markup=False)


def print_folds(folds: FoldRuns) -> None:
    """Mean ± sd over the folds or seeds, and every one of them, or the least and the largest where that is too wide."""
    from avgraph.runs.joint_checks import joint_checks

    console = Console(highlight=False, soft_wrap=True)
    first = next(iter(folds.runs.values()))
    print_source(console, first.metrics["data"])
    each = _folds_table(folds, list(map(folds.told, folds.runs)), lambda values: values)
    if Measurement.get(console, console.options.update(width=10_000), each).maximum <= console.width:
        console.print(each)
    else:
        console.print(_folds_table(folds, ["least", "largest"], lambda values: [min(values), max(values)]))
        console.print(f"each of the {len(folds.runs)} runs: {folds.directory / METRICS}", markup=False)
    checks = (
        (str(check.get("number", check["name"])), folds.told(key), check["message"])
        for key, run in folds.runs.items()
        for check in run.metrics.get("checks", [])
    )
    for told in joint_checks(checks, len(folds.runs)):
        console.print(f"check {told}", markup=False)
    console.print(f"runs: {folds.directory}", markup=False)


def _folds_table(folds: FoldRuns, heads: Sequence[str], shown: Callable[[Sequence[float]], Sequence[float]]) -> Table:
    """One row per metric: mean ± sd, and what is shown of its values."""
    title = Text(next(iter(folds.runs.values())).experiment.name)
    columns = [Column("", no_wrap=True), Column("mean ± sd", no_wrap=True), *map(Column, heads)]
    table = Table(*columns, title=title, title_justify="left")
    for name, row in folds.summary.items():
        sd = "" if row["sd"] is None else f" ± {row['sd']:.4f}"
        numbers = shown(list(row["values"].values()))
        table.add_row(Text(name), f"{row['mean']:.4f}{sd}", *map(_number, numbers))
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def print_source(console: Console, data: Mapping[str, Any]) -> None:
    """What the numbers are of; a stand-in cannot be overlooked."""
    if data.get("source") == "synthetic":
        console.print("data: SYNTHETIC stand-in, generated; these numbers say nothing about real recordings")
    elif data:
        console.print(f"data: {data.get('dataset')}", markup=False)
    if data.get("note"):
        console.print(f"note: {data['note']}", markup=False)


def print_discovery(found: Discovery, most: int = 15) -> None:
    """Size and score of a dependency graph, its most stable edges and how far each can be trusted, where it is."""
    console = Console(highlight=False, soft_wrap=True)
    for words in found.left_out:
        Console(highlight=False, soft_wrap=True, stderr=True).print(f"left out: {words}", markup=False)
    for words in (*found.made_of.settings.get("notes", ()), *found.cautions()):
        Console(highlight=False, soft_wrap=True, stderr=True).print(f"note: {words}", markup=False)
    dag, edges = found.dag, found.edges()
    searched = f"{dag.n_starts} starts" + ("" if dag.converged else ", stopped by the time limit")
    console.print(
        f"{found.n_rows} rows, {len(dag.names)} columns: {dag.n_edges} edges, BIC {dag.score:.2f} ({searched})"
    )
    told = sum(edge.directed for edge in edges)
    console.print(f"{told} have a direction that data and knowledge identify (→), {len(edges) - told} have none (—)")
    stable = sum(edge.adjacent >= 0.9 for edge in edges)
    console.print(f"{stable} edges are in at least 9 of 10 {found.counted}")
    table = Table(
        Column("a", no_wrap=True), "", Column("b", no_wrap=True), "coefficient", "weight", "a → b", "b → a", "joined",
        caption=f"coefficient: of standardised columns; weight: its share of all, as LIR uses it;\n"
        f"a → b, b → a, joined: share of {found.stability.count} {found.counted}", caption_justify="left",
    )  # fmt: skip
    for edge in edges[:most]:
        shares = (f"{100 * share:.0f} %" for share in (edge.forward, edge.backward, edge.adjacent))
        arrow = "→" if edge.directed else "—"
        table.add_row(
            Text(edge.parent), arrow, Text(edge.child), f"{edge.coefficient:+.3f}", f"{edge.weight:.4f}", *shares
        )
    if edges:
        console.print(table)
    if len(edges) > most:
        console.print(f"… and {len(edges) - most} less stable or weaker edges")
    if found.consensus is not None:
        agreed = found.agreed()
        told = sum(edge.directed for edge in agreed)
        console.print(f"consensus: {len(agreed)} edges are in most {found.counted}, {told} of them with a direction")
    for file in found.files:
        console.print(f"wrote {file}", markup=False)


def print_matching(found: Matching, most: int = 15) -> None:
    """How much mass the pairs hold, the heaviest of them, where the graph is."""
    console = Console(highlight=False, soft_wrap=True)
    pairs, sizes = found.pairs(), [found.graph[node].num_nodes for node in ("source", "target")]
    console.print(
        f"{sizes[0]} × {sizes[1]} rows, {found.solver}: {len(pairs)} pairs hold {found.moved:.4f} of the mass"
    )
    table = Table("source", "target", "mass")
    for source, target, mass in pairs[:most]:
        table.add_row(Text(source), Text(target), f"{mass:.6f}")
    if pairs:
        console.print(table)
    if len(pairs) > most:
        console.print(f"… and {len(pairs) - most} lighter pairs")
    console.print(f"wrote {found.file}", markup=False)


def print_embedded(done: Embedded) -> None:
    """How many rows were written where."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"wrote {done.file}: {done.rows} × {done.channels}", markup=False)


def print_predicted(done: Predicted, most: int = 15) -> None:
    """The first answers, and what was written."""
    console, found = Console(highlight=False, soft_wrap=True), done.predictions
    table = Table(*found.columns)
    for row in found.rows()[:most]:
        table.add_row(*(Text(f"{value:.4f}" if isinstance(value, float) else str(value)) for value in row.values()))
    console.print(table)
    if len(found) > most:
        console.print(f"… and {len(found) - most} more" + ("" if done.files else "; -o FILE writes them all"))
    for file in done.files:
        console.print(f"wrote {file}", markup=False)


def print_segmented(done: Segmented) -> None:
    """How much of the picture sounds, how sure that is, and what was written."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{100 * done.area:.1f} % of the picture sounds (largest probability {done.probability:.3f})")
    if done.uncertainty is not None:
        console.print(f"{done.samples} samples: mean standard deviation of a pixel {done.uncertainty:.4f}")
    for file in done.files:
        console.print(f"wrote {file}", markup=False)
