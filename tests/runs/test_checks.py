"""Every check finds what it is for, and nothing else; the page of checks is the table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.graph.provenance import Provenance
from avgraph.methods.headline import Headline
from avgraph.methods.trivial import Trivial
from avgraph.runs.checks import CHECKS, Outcome, run_checks

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
ACCURACY = Headline(
    "test/accuracy", baselines={"the majority class": 0.1, "the CNN": 0.8}, ceiling=("candidates", 0.95)
)
ERROR = Headline("test/mae", better="lower", baselines={"the biases": 0.6})
MAJORITY = Headline("test/accuracy", baselines={"the majority class": 0.1})
LEAK = [{"source_file": "7", "test": ["a"], "other": ["b"]}]


def clips(train: list[int], test: list[int]) -> HeteroData:
    y = torch.tensor([*train, *test])
    graph = HeteroData(audio={"y": y, "prediction": y}, label={"y": torch.arange(4), "name": ["a", "b", "c", "d"]})
    graph["audio"].train_mask = torch.arange(len(y)) < len(train)
    graph["audio"].test_mask = ~graph["audio"].train_mask
    return graph


BAD: dict[str, dict[str, Any]] = {
    "A01": {"history": [{"train/loss": 0.99}], "trivial": Trivial(loss=1.0)},
    "A02": {"metrics": {"test/accuracy": 0.1}, "trivial": Trivial(metrics={"test/accuracy": 0.1})},
    "A03": {"metrics": {"test/mae": 0.6}, "headline": ERROR},
    "A04": {"metrics": {"graph/edge_precision": 0.2, "graph/edge_chance": 0.2}},
    "A05": {"history": [{"train/not_converged": 0.5}]},
    "A06": {"data": Provenance(leakage=LEAK)},
    "A07": {"history": [{"test/map": 0.5}]},
    "A08": {"metrics": {"test/accuracy": 0.95}, "headline": ACCURACY},
    "A09": {"graph": clips([0, 1, 2, 3], [0, 1, 3])},
    "A10": {"data": Provenance("esc50", "synthetic")},
    "A11": {"metrics": {"val/map": 0.5}, "headline": Headline("val/map"), "chosen_by": "val/loss"},
}
GOOD: dict[str, list[dict[str, Any]]] = {
    "A01": [{"history": [{"train/loss": 0.9}], "trivial": Trivial(loss=1.0)}, {"history": []}],
    "A02": [{"metrics": {"test/accuracy": 0.2}, "trivial": Trivial(metrics={"test/accuracy": 0.1})}],
    "A03": [
        {"metrics": {"test/mae": 0.5}, "headline": ERROR},
        {"metrics": {"test/accuracy": 0.1}, "trivial": Trivial(), "headline": MAJORITY},
        {"metrics": {}, "headline": ERROR},
    ],
    "A04": [{"metrics": {"graph/edge_precision": 0.3, "graph/edge_chance": 0.2}}],
    "A05": [{"history": [{"train/not_converged": 0.5}, {"train/not_converged": 0.0}]}],
    "A06": [{"data": Provenance(leakage=LEAK, settings={"on_leakage": "drop"})}, {"data": Provenance(leakage=[])}],
    "A07": [{"history": [{"test/map": 0.5}, {"val/map": 0.4}]}, {"history": [{"train/loss": 1.0}]}],
    "A08": [{"metrics": {"test/accuracy": 0.94}, "headline": ACCURACY}],
    "A09": [{"graph": clips([0, 1], [0, 1])}, {"graph": clips([0, 1], [2, 3])}],
    "A10": [{"data": Provenance("esc50", "real")}],
    "A11": [
        {"metrics": {"test/map": 0.5}, "headline": Headline("test/map"), "chosen_by": "val/map"},
        {"metrics": {"val/map": 0.5}, "headline": Headline("val/map")},
    ],
}  # fmt: skip


def numbers(given: dict[str, Any]) -> list[str]:
    return [check["number"] for check in run_checks(Outcome(**{"metrics": {}, "history": [], **given}))]


@pytest.mark.parametrize("number", [check.number for check in CHECKS])
def test_a_check_finds_what_it_is_for(number: str) -> None:
    assert numbers(BAD[number]) == [number]
    for given in GOOD[number]:
        assert number not in numbers(given)


def test_numbers_and_names_are_each_one_check() -> None:
    assert [check.number for check in CHECKS] == [f"A{k:02}" for k in range(1, len(CHECKS) + 1)]
    assert all(check.finds.__name__ == check.name for check in CHECKS)


def test_messages_name_what_was_found() -> None:
    (found,) = run_checks(Outcome({}, [], graph=clips([0, 1, 2, 3], [0, 1, 3])))
    assert found["message"] == "audio: 1 of 4 classes has no test row: c"
    (found,) = run_checks(Outcome({"test/accuracy": 0.7}, [], headline=ACCURACY))
    assert found["message"] == "test/accuracy 0.7000 does not beat the CNN, 0.8000: what was added to it gains nothing"


def test_the_page_of_checks_is_the_table() -> None:
    rows = re.findall(r"^\| (A\d\d) \| `(\w+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert rows == [(check.number, check.name, check.asks) for check in CHECKS]
