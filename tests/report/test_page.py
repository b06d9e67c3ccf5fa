"""The page: one file that asks for nothing, says what the run says, and takes no name for more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.errors import DataError
from avgraph.report import write_report
from avgraph.report.page import MOST_BYTES
from avgraph.runs.checks import CHECKS
from avgraph.runs.finished import Run
from avgraph.tools.discover import discover_table
from tests.report.conftest import HOSTILE


class Elements(HTMLParser):
    """Every element with its attributes, the text outside scripts, and what stands in scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self.now = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.now = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.now = ""

    def handle_data(self, data: str) -> None:
        if self.now in self.inside:
            self.inside[self.now][-1] += data
        else:
            self.text += data


@pytest.fixture(scope="module")
def elements(page: Path) -> Elements:
    return Elements(page.read_text(encoding="utf-8"))


def test_nothing_is_asked_for(elements: Elements) -> None:
    for tag, attributes in elements.found:
        for name in ("src", "href", "data", "srcset", "action", "poster"):
            if (address := attributes.get(name)) is not None:
                assert address.startswith(("data:", "#")), (tag, address[:60])
        assert not [name for name in attributes if name.startswith("on")], tag
        assert "style" not in attributes, tag
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in elements.found}


def test_the_policy_allows_its_own_scripts_and_styles_alone(elements: Elements) -> None:
    (policy,) = (a["content"] for tag, a in elements.found if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    data, *scripts = elements.inside["script"]
    for text in (*scripts, *elements.inside["style"]):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert len(scripts) == 3
    assert json.loads(data)["networks"][0]["name"]


def test_a_hostile_name_is_text(elements: Elements, page: Path) -> None:
    assert f"{HOSTILE} 1" in elements.text
    assert HOSTILE not in page.read_text(encoding="utf-8")
    names = json.loads(elements.inside["script"][0])["networks"][0]["name"]
    assert any(name.startswith(HOSTILE) for name in names)
    assert all(attributes.get("src", "").startswith("data:") for tag, attributes in elements.found if tag == "img")  # type: ignore[union-attr]


def test_it_says_what_the_run_says(elements: Elements, run: Run) -> None:
    verdict = run.metrics["verdict"]
    assert f"Test accuracy {verdict['value']:.3f} (95 % interval" in elements.text
    assert all(check.number in elements.text for check in CHECKS)
    assert "Did the couplings converge? does not apply" in elements.text  # RR-Net has none
    assert "Are the data real? nothing found" in elements.text
    assert "method.hidden_channels" in elements.text
    environment = json.loads((run.directory / "environment.json").read_text(encoding="utf-8"))
    assert environment["packages"]["torch"] in elements.text
    assert all(checksum in elements.text for checksum in environment["data"]["files"].values())
    for part in ("Checks", "Curves", "The learned graph", "Worst and best", "Configuration"):
        assert part in elements.text


def test_it_can_be_read_without_javascript(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    assert html.count('<svg class="curves"') == 2  # loss and rate
    assert html.count('<svg class="network"') == 1
    assert re.search(r'<form class="controls" hidden>', html)


def test_it_is_small_and_the_same_every_time(page: Path, run: Run, tmp_path: Path) -> None:
    assert page.stat().st_size < MOST_BYTES / 3
    again = write_report([run.directory], tmp_path / "again.html")
    assert again.read_bytes() == page.read_bytes()


def test_several_runs_stand_side_by_side(run: Run, tmp_path: Path) -> None:
    folds = tmp_path / "folds"
    for fold in (1, 2, 10):
        shutil.copytree(
            run.directory, folds / f"fold-{fold}", ignore=shutil.ignore_patterns("checkpoints", "*.graphml")
        )
    shutil.copy(run.directory / "config.yaml", folds)
    broken = folds / "fold-2" / "metrics.jsonl"
    broken.write_text(re.sub(r'"train/loss": [^,]+', '"train/loss": NaN', broken.read_text()), encoding="utf-8")
    (folds / "folds.json").write_text('{"folds": [1, 2, 10]}', encoding="utf-8")
    html = write_report([folds], tmp_path / "r.html").read_text(encoding="utf-8")
    text = Elements(html).text
    assert text.index("fold 1") < text.index("fold 2") < text.index("fold 10")
    assert "mean ± sd" in text
    assert html.count('class="explorer"') == 3
    assert "NaN" not in Elements(html).inside["script"][0]  # which JSON.parse takes for a mistake
    series = json.loads(Elements(html).inside["script"][0])["charts"][0]["series"]
    assert list(series) == ["fold 1", "fold 2", "fold 10"]
    assert series["fold 2"][1] == [None] * 4


def test_a_discovered_graph(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(200, 3))
    x[:, 2] += x[:, 0] + x[:, 1]
    np.save(tmp_path / "x.npy", x)
    found = discover_table(tmp_path / "x.npy", tmp_path / "dag.graphml", bootstraps=3)
    text = Elements(write_report([tmp_path / "dag.graphml"], tmp_path / "r.html").read_text(encoding="utf-8")).text
    told = sum(edge.directed for edge in found.edges())
    assert f"{len(found.edges())} edges between 3 nodes; {told} with a direction that the data identify" in text
    assert "dag frequency" in text
    assert "penalty_discount" in text
    assert next(iter(found.made_of.inputs.values())) in text


def test_the_command(run: Run, tmp_path: Path) -> None:
    def call(*words: object) -> tuple[int, str]:
        found = CliRunner().invoke(main, ["report", *map(str, words)])
        return found.exit_code, found.output.strip()

    own = run.directory / "report.html"
    assert call(run.directory) == (0, f"wrote {own}")
    assert call(run.directory) == (2, f"{own}: already there; --force overwrites")
    assert call(run.directory, "--force")[0] == 0
    own.unlink()
    assert call(run.directory, run.directory) == (2, "--output: of several runs, or of a graph, expected -o FILE.html")
    assert call(run.directory, "-o", tmp_path / "r.pdf") == (2, f"{tmp_path / 'r.pdf'}: expected .html")
    code, told = call(tmp_path / "none", "-o", tmp_path / "r.html")
    assert (code, told) == (2, f"{tmp_path / 'none'}: expected the folder of a finished run, or a .graphml file")
    assert (
        call(tmp_path, "-o", tmp_path / "r.html")[1] == f"{tmp_path}: not the folder of a run (it has no config.yaml)"
    )
    assert not (tmp_path / "r.html").exists()
    with pytest.raises(DataError, match="report: expected at least one run"):
        write_report([], tmp_path / "r.html")
