"""README and docs do what they say: experiments train, programs run, commands are there with their options."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import avgraph
from avgraph.cli import main
from avgraph.config import load_experiment
from tests.pages.made_up import WRITTEN, write_files
from tests.pages.snippets import PAGES, ROOT, TUTORIAL, Snippet, commands, snippets
from tests.typechecker import unchecked

PAGE_IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def is_whole(declared: Any) -> bool:
    return isinstance(declared, dict) and {"dataset", "method"} <= declared.keys()


def experiments(page: Path) -> list[tuple[Snippet, dict[str, Any]]]:
    """Every experiment of a page; a part of one stands upon the whole one before it."""
    found: list[tuple[Snippet, dict[str, Any]]] = []
    for snippet in snippets(page):
        if snippet.language == "yaml":
            declared = yaml.safe_load(snippet.text)
            if not is_whole(declared):
                assert found, f"{snippet}: a part of an experiment, and no experiment before it"
                declared = found[-1][1] | declared
            found.append((snippet, declared))
    return found


EXPERIMENTS = [found for page in PAGES if page != TUTORIAL for found in experiments(page)]
PROGRAMS = [
    page for page in PAGES if page != TUTORIAL and any(snippet.language == "python" for snippet in snippets(page))
]


@pytest.mark.slow
@pytest.mark.parametrize(("snippet", "declared"), EXPERIMENTS, ids=[str(snippet) for snippet, _ in EXPERIMENTS])
def test_experiment_trains(snippet: Snippet, declared: dict[str, Any], tmp_path: Path) -> None:
    for other in snippets(snippet.page):
        if other.file:
            (tmp_path / other.file).write_text(other.text, encoding="utf-8")
    file = tmp_path / "page.yaml"
    whole = is_whole(yaml.safe_load(snippet.text))
    file.write_text(snippet.text if whole else yaml.safe_dump(declared), encoding="utf-8")
    if declared["dataset"]["type"] not in WRITTEN:
        load_experiment(file)
        return
    write_files(declared["dataset"], tmp_path)
    run = avgraph.train(file, {"train.epochs": 2, "output": str(tmp_path / "runs")})
    assert any(name.startswith("test/") for name in run.metrics)


@pytest.mark.slow
@pytest.mark.parametrize("page", PROGRAMS, ids=[str(page.relative_to(ROOT)) for page in PROGRAMS])
def test_programs_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _, declared in experiments(page):
        if declared["dataset"]["type"] in WRITTEN:
            write_files(declared["dataset"], tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    for snippet in snippets(page):
        if snippet.language == "python":
            with unchecked():
                exec(compile("\n" * (snippet.line - 1) + snippet.text, str(page), "exec"), names)


@contextlib.contextmanager
def told(command: str) -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        pytest.fail(f"{command}: {error.format_message()}")


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_commands_are_there(page: Path) -> None:
    for command in commands(page):
        words = shlex.split(command)[1:]
        group: click.Command = main
        with told(command):
            while words and isinstance(group, click.Group) and not words[0].startswith("-"):
                found = group.get_command(click.Context(group), words.pop(0))
                assert found is not None, f"{command}: no such command"
                group = found
            group.make_parser(click.Context(group, info_name=command)).parse_args(words)
        for word in words:
            if re.fullmatch(r"(examples|configs)/\S+", word):
                assert (ROOT / word).is_file(), f"{command}: no such file"


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_modules_and_files_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m (benchmarks\.\w+)", text):
        assert importlib.util.find_spec(module) is not None, module
    for file in re.findall(r"`((?:examples|configs|docs|benchmarks)/[\w./]+\.\w+)`", text):
        assert (ROOT / file).is_file(), file
    for file, name in re.findall(r"`(avgraph/[\w./]+)(?::(\w+))?`", text):
        assert (ROOT / file).exists(), file
        if name:
            source = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"^(?:def |class |){name}\b", source, re.M), f"{file} has no {name}"
    for file in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", text):
        assert (page.parent / file).exists(), file
