"""Checks that look at the data of a run: each gives a sentence, or None where all is well."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import first_few
from avgraph.graph.class_names import class_names
from avgraph.runs.outcome import Outcome


def source_in_two_folds(outcome: Outcome) -> str | None:
    """Recordings lie on both sides of the split.

    Example:
        >>> from avgraph.graph.provenance import Provenance
        >>> leak = {"source_file": "7", "test": ["a"], "other": ["b"]}
        >>> source_in_two_folds(Outcome({}, [], data=Provenance(leakage=[leak])))
        'source files in more than one fold: 7; dataset.on_leakage: drop takes them out of training'
    """
    data = outcome.data
    if data is None or not data.leakage or data.settings.get("on_leakage") == "drop":
        return None
    files = first_few([leak["source_file"] for leak in data.leakage])
    return f"source files in more than one fold: {files}; dataset.on_leakage: drop takes them out of training"


def has_sources(outcome: Outcome) -> bool:
    """Whether the data say which rows are of one recording.

    Example:
        >>> from avgraph.graph.provenance import Provenance
        >>> has_sources(Outcome({}, [], data=Provenance()))
        False
    """
    return outcome.data is not None and outcome.data.leakage is not None


def class_without_test(outcome: Outcome) -> str | None:
    """Classes that are trained on have no row in the test, so that it says nothing of them.

    Of nodes whose class is predicted, and only where most classes are in both: splits by class are meant so.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> graph = HeteroData(audio={"y": torch.tensor([0, 1, 0]), "prediction": torch.zeros(3)})
        >>> graph["audio"].train_mask = torch.tensor([True, True, False])
        >>> graph["audio"].test_mask = torch.tensor([False, False, True])
        >>> class_without_test(Outcome({}, [], graph=graph))
        'audio: 1 of 2 classes has no test row: class 1'
    """
    graph, told = outcome.graph, []
    for node in [] if graph is None else graph.node_types:
        assert graph is not None
        y, train, test = (graph[node].get(name) for name in ("y", "train_mask", "test_mask"))
        if "prediction" not in graph[node]:
            continue
        if not all(isinstance(part, Tensor) and part.ndim == 1 for part in (y, train, test)):
            continue
        learned, tested = (y[mask & (y >= 0)].unique() for mask in (train, test))
        missing = learned[~torch.isin(learned, tested)]
        if len(missing) and 2 * len(missing) <= len(learned):
            names = class_names(graph, node)
            found = first_few([names.get(number, f"class {number}") for number in missing.tolist()])
            has = "has" if len(missing) == 1 else "have"
            told.append(f"{node}: {len(missing)} of {len(learned)} classes {has} no test row: {found}")
    return "; ".join(told) or None


def stand_in(outcome: Outcome) -> str | None:
    """The data are made up.

    Example:
        >>> from avgraph.graph.provenance import Provenance
        >>> stand_in(Outcome({}, [], data=Provenance("esc50", "synthetic")))
        'esc50: SYNTHETIC data, generated: the numbers say nothing about real ones'
    """
    if outcome.data is None or outcome.data.source != "synthetic":
        return None
    name = f"{outcome.data.dataset}: " if outcome.data.dataset else ""
    return f"{name}SYNTHETIC data, generated: the numbers say nothing about real ones"
