"""The site: it builds without a warning, has every option with its sentence, and asks no server for anything."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS
from avgraph.config.experiment import Experiment
from avgraph.datasets import DrawnSplit, EdgeFiles, HeldOutFiles, LocalisationFiles, NodeFiles, RandomSplit
from avgraph.options.sentences import sentences
from avgraph.options.strict import Options
from avgraph.options.sweep import Range, SweepOptions
from avgraph.options.train import OptimizerOptions, TrainOptions
from docs.generator import kinds
from docs.generator.options import option_pages
from tests.pages.snippets import ROOT

TABLES = {"datasets": DATASETS, "encoders": ENCODERS, "transforms": TRANSFORMS, "methods": METHODS}
PARTS: dict[str, dict[str, type[Options]]] = {
    "experiment": {
        "train": TrainOptions,
        "train.optimizer": OptimizerOptions,
        "sweep": SweepOptions,
        "sweep.options": Range,
    },
    "datasets": {
        "files.nodes": NodeFiles,
        "files.edges": EdgeFiles,
        "files.nodes.random_split": RandomSplit,
        "recordings.random_split": DrawnSplit,
        "spaces.held_out": HeldOutFiles,
        "spaces.localisation": LocalisationFiles,
    },
}


def options() -> Iterator[tuple[str, str, type[Options]]]:
    """Page, heading and class of everything that has options."""
    for page, table in TABLES.items():
        for name, made in table.items():
            yield page, f"{name}.", made
    for page, parts in PARTS.items():
        for name, part in parts.items():
            yield page, f"{name}.", part
    yield "experiment", "", Experiment


OPTIONS = list(options())


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return option_pages()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages but those of the API, which `make docs` adds, built from a copy with warnings as errors."""
    pytest.importorskip("sphinx", reason="the generator of the site needs Python 3.11")
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("reference", "__pycache__"))
    for name in ("CHANGELOG.md", "README.md"):
        shutil.copy(ROOT / name, folder)
    for name in ("examples", "configs"):
        shutil.copytree(ROOT / name, folder / name)
    arguments = ["-q", "-W", "--keep-going", "-t", "without_api", str(folder / "docs"), str(folder / "site")]
    done = subprocess.run([sys.executable, "-m", "sphinx", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.mark.parametrize(("page", "owner", "made"), OPTIONS, ids=[f"{page} {owner}" for page, owner, _ in OPTIONS])
def test_every_option_has_its_sentence(pages: dict[str, str], page: str, owner: str, made: type[Options]) -> None:
    told = sentences(made.__doc__ or "")
    for name in made.model_fields:
        if name == "type" and owner.removesuffix(".") in TABLES.get(page, ()):
            continue  # it heads the section
        assert told.get(name), f"{made.__name__}.{name} has no sentence"
        section = re.search(rf"^```{{confval}} {re.escape(owner + name)}\n(.*?)^```$", pages[page], re.M | re.S)
        assert section, f"{owner}{name} is not on the page"
        assert section[1].splitlines()[-1] == told[name]


def test_examples_of_the_generator_hold() -> None:
    assert doctest.testmod(kinds) == doctest.TestResults(failed=0, attempted=3)


def test_what_an_option_takes_is_said(pages: dict[str, str]) -> None:
    assert (
        "```{confval} mltm.dropout\nnumber ≥ 0, < 1 · default `0.2`\n\nbehind the hidden layer.\n```"
        in pages["methods"]
    )
    assert "```{confval} knn.k\nwhole number ≥ 1 · **required**\n" in pages["transforms"]
    assert "[files.nodes](#filesnodes)" in pages["datasets"]
    assert "\n## files.nodes\n" in pages["datasets"]


@pytest.mark.slow
def test_every_option_has_an_anchor(site: Path, pages: dict[str, str]) -> None:
    for page, text in pages.items():
        html = (site / "reference" / "options" / f"{page}.html").read_text(encoding="utf-8")
        for name in re.findall(r"^```\{confval\} (.+)$", text, re.M):
            assert f'id="confval-{name}"' in html, name


@pytest.mark.slow
def test_no_server_is_asked_for_anything(site: Path) -> None:
    for file in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = file.read_text(encoding="utf-8")
        loaded = re.findall(
            r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(https?:[^"]+)"|url\(["\']?(https?:[^)]+)', text
        )
        assert not loaded, f"{file.relative_to(site)}: {loaded}"
