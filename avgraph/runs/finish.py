"""The end of a run: metrics, graph and figures of what was learned, written in an order that a kill cannot spoil."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from avgraph.config import Experiment
from avgraph.export import write_graphml
from avgraph.figures.figures import draw_figures
from avgraph.graph.provenance import Provenance
from avgraph.io.graph_file import save_graph
from avgraph.methods.task import Task
from avgraph.runs import folder as folder
from avgraph.runs.checks import Outcome, run_checks
from avgraph.runs.finished import Run
from avgraph.runs.history_csv import write_csv
from avgraph.runs.loggers import Loggers
from avgraph.runs.selection import Selected
from avgraph.runs.verdict import verdict


def finish(
    directory: Path,
    experiment: Experiment,
    task: Task,
    provenance: Provenance,
    selected: Selected | None,
    loggers: Loggers,
) -> Run:
    """What comes after the last epoch, with the weights that the run ends with."""
    found, history = task.metrics(), folder.read_history(directory)
    stopped = experiment.train.patience is not None and len(history) < experiment.train.epochs
    chosen_by = None if selected is None else selected.metric
    reached = history if selected is None else history[: selected.epoch + 1]
    learned = task.annotated()
    headline = task.headline(learned, found)
    metrics: dict[str, Any] = {
        "experiment": experiment.name,
        "seed": experiment.seed,
        "data": replace(provenance, files=None).as_dict(),
        **({} if selected is None else {"selected": selected.as_dict()}),
        **({"stopped_after": len(history)} if stopped else {}),
        **found,
        "verdict": verdict(headline, found),
        "checks": run_checks(Outcome(found, reached, task.trivial(), headline, learned, provenance, chosen_by)),
    }
    if described := provenance.as_dict():
        learned.provenance = described
    if task.raw_nodes():
        save_graph(task.graph, directory / folder.DATA)
    save_graph(learned, directory / folder.GRAPH)
    if experiment.graphml != "none":
        write_graphml(learned, directory / folder.GRAPHML, vectors=experiment.graphml == "whole")
    draw_figures(task.figures, learned, history, directory / folder.FIGURES)
    write_csv(history, directory / folder.CSV)
    loggers.final(found, len(history))
    folder.write_json(directory / folder.METRICS, metrics)  # last: a run with metrics.json is a finished run
    return Run(directory, experiment, metrics)
