"""A run folder that something else has written into: one line that names the file and the way on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import avgraph
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.graph_file import load_graph
from avgraph.runs.checkpoints import load_checkpoint
from avgraph.runs.environment import check_same_data
from avgraph.runs.folder import read_history, read_metrics
from avgraph.runs.run import resume
from tests.experiments import small_experiment


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(small_experiment(tmp_path_factory.mktemp("hostile")), ["train.epochs=2"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", r"metrics\.json: not what a finished run writes: no 'experiment'; .* avgraph resume makes it again"),
        ('{"experiment": "a", "seed": "1", "data": {}}', "'seed' is no int"),
        ("[]", "expected a JSON object, got list"),
        ("[" * 100_000, "not readable as JSON"),
        ('{"seed": ' + "9" * 5000 + "}", "metrics"),
        ("\0", "not readable as JSON"),
    ],
)
def test_metrics_that_no_run_wrote_are_not_those_of_a_finished_run(
    tmp_path: Path, run: avgraph.Run, content: str, message: str
) -> None:
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read_metrics(tmp_path)
    assert str(caught.value).isprintable()


def test_resume_refuses_damaged_metrics_and_makes_them_again(run: avgraph.Run) -> None:
    path = run.directory / "metrics.json"
    whole = path.read_text()
    path.write_text("{}")
    for load in (resume, avgraph.load_run):
        with pytest.raises(DataError, match="not what a finished run writes"):
            load(run.directory)
    path.unlink()
    assert json.dumps(resume(run.directory).metrics) == json.dumps(json.loads(whole))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"5\n", r"metrics\.jsonl:1: .*expected an object"),
        (b'{"epoch": 0}\n{"epoch": "1"}\n', r"metrics\.jsonl:2: .*whole number"),
        (b'{"epoch": 0, "loss": []}\n', r"metrics\.jsonl:1: .*expected a number"),
        (b"\xff\xfe\n", "not a readable text file"),
        (b"[" * 100_000, r"metrics\.jsonl:1: "),
    ],
)
def test_history(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_history(tmp_path)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("content", ['{"data": 5}', '{"data": {"files": []}}', '{"data": {"files": "a"}}', "[]", "{"])
def test_environment(tmp_path: Path, content: str) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    (tmp_path / "environment.json").write_text(content)
    with pytest.raises(DataError, match=r"environment\.json: "):
        check_same_data(tmp_path, Provenance(files={}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loops": None}, "'loops' is missing"),
        ({"pytorch-lightning_version": None}, "'pytorch-lightning_version' is missing"),
        ({"optimizer_states": [{}]}, "'optimizer_states' holds no state of an optimizer"),
        ({"state_dict": {"a": 1}}, "'state_dict' holds more than named tensors"),
        ({"epoch": "three"}, "'epoch' is no int"),
    ],
)
def test_checkpoints_without_what_lightning_reads(
    tmp_path: Path, run: avgraph.Run, change: dict[str, Any], message: str
) -> None:
    content = load_checkpoint(run.directory / "checkpoints" / "last.ckpt") | change
    torch.save({key: value for key, value in content.items() if value is not None}, tmp_path / "last.ckpt")
    with pytest.raises(DataError, match=message):
        load_checkpoint(tmp_path / "last.ckpt")


def test_resume_names_a_checkpoint_that_lightning_did_not_write(run: avgraph.Run) -> None:
    metrics, checkpoint = run.directory / "metrics.json", run.directory / "checkpoints" / "last.ckpt"
    whole, kept = checkpoint.read_bytes(), metrics.read_text()
    metrics.unlink()
    torch.save({"state_dict": {}}, checkpoint)
    with pytest.raises(DataError, match=r"last\.ckpt: not a checkpoint of this run: 'epoch' is missing; without"):
        resume(run.directory)
    checkpoint.write_bytes(whole)
    metrics.write_text(kept)


def test_a_graph_that_is_none(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "graph.pt")
    with pytest.raises(DataError, match="not a saved graph"):
        load_graph(tmp_path / "graph.pt")
