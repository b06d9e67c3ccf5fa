"""What commands leave: JSON for programs, files that are not overwritten unasked, messages in words of options."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.cli.json_output import plain
from avgraph.config.builtin import DATASETS
from avgraph.export import export_graph
from avgraph.io.files_read import sha256_file
from avgraph.tools.match import match_tables
from tests.experiments import small_experiment


def call(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def call_json(*words: object) -> dict[str, Any]:
    """Exactly one object of strict JSON, and nothing else, on standard output."""
    code, out, _ = call(*words, "--json")
    assert code == 0
    assert out.count("\n") == 1

    def refused(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found: dict[str, Any] = json.loads(out, parse_constant=refused)
    return found


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    x = np.random.default_rng(0).normal(size=(12, 4))
    np.save(tmp_path / "a.npy", x)
    np.save(tmp_path / "b.npy", x[::-1])
    return tmp_path / "a.npy", tmp_path / "b.npy"


def test_match_as_json_and_its_edges_have_weights(tables: tuple[Path, Path], tmp_path: Path) -> None:
    found = call_json("match", *tables, "-o", tmp_path / "c.graphml", "--epsilon", "0.01")
    assert found["rows"] == {"source": 12, "target": 12}
    assert found["moved"] == pytest.approx(1, abs=1e-3)
    assert {pair["source"]: int(pair["target"]) for pair in reversed(found["pairs"])} == {
        str(k): 11 - k for k in range(12)
    }
    assert found["inputs"] == {str(path): sha256_file(path) for path in tables}
    assert found["settings"]["epsilon"] == 0.01
    assert found["settings"]["threshold"] == 0.001
    graph = nx.read_graphml(tmp_path / "c.graphml")
    assert all(edge["weight"] == edge["mass"] > 0 for *_, edge in graph.edges(data=True))
    assert json.loads(graph.graph["settings"]) == found["settings"]
    assert json.loads(graph.graph["inputs"]) == found["inputs"]
    assert graph.graph["avgraph_version"] == found["avgraph"]


def test_discover_as_json(tables: tuple[Path, Path], tmp_path: Path) -> None:
    found = call_json("discover", tables[0], "-o", tmp_path / "g.json", "--bootstraps", "2")
    assert (found["rows"], found["columns"]) == (12, ["x0", "x1", "x2", "x3"])
    assert (found["counted"], found["graphs"]) == ("bootstraps", 2)
    assert [Path(file).name for file in found["files"]] == [
        "g.json", "g.png", "g_frequency.png", "g_consensus.json", "g_consensus.png"
    ]  # fmt: skip
    assert all(Path(file).is_file() for file in found["files"])


def test_runs_as_json(tmp_path: Path) -> None:
    trained = call_json("train", small_experiment(tmp_path), "--set", "train.epochs=2", "--device", "cpu")
    written = json.loads((Path(trained["run"]) / "metrics.json").read_text())
    assert {**trained["metrics"], "experiment": trained["experiment"]}.items() <= written.items()
    assert trained["data"] == written["data"]
    assert trained["metrics"]
    assert call_json("resume", trained["run"]) == trained
    assert call_json("evaluate", trained["run"])["metrics"] == pytest.approx(trained["metrics"], abs=1e-6)
    code, out, told = call("evaluate", tmp_path, "--json")
    assert (code, out) == (2, "")
    assert "not the folder of a run" in told


def test_data_show_as_json() -> None:
    assert call_json("data", "show", "synthetic")["source"] == "synthetic"
    assert call_json("data", "show", "audiocaps")["what"].startswith("AudioCaps: recordings of YouTube")


def test_data_list() -> None:
    told = {one["name"]: one for one in call_json("data", "list")["datasets"]}
    assert set(told) == set(DATASETS)
    code, out, _ = call("data", "list")
    assert (code, len(out.splitlines())) == (0, len(DATASETS))
    assert "files                 yours      Your own arrays" in out


def test_numbers_are_finite() -> None:
    assert plain([float("nan"), float("-inf"), 1.5, (True, None)]) == [None, None, 1.5, [True, None]]


@pytest.mark.parametrize("command", ["discover", "match", "export"])
def test_a_file_that_is_there_stays_without_force(tables: tuple[Path, Path], tmp_path: Path, command: str) -> None:
    target = tmp_path / "g.graphml"
    if command == "export":
        run = call_json("train", small_experiment(tmp_path), "--set", "train.epochs=1")["run"]
        words: list[object] = ["export", run, "-o", target]
    else:
        words = [command, tables[0], *([tables[1]] if command == "match" else []), "-o", target]
    target.write_text("mine")
    code, out, told = call(*words)
    assert (code, out, told) == (2, "", f"{target}: already there; --force overwrites\n")
    assert target.read_text() == "mine"
    assert call(*words, "--force")[0] == 0
    assert "graphml" in target.read_text()


def test_pictures_beside_the_graph_are_kept_too(tables: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "g_frequency.png").write_text("mine")
    code, _, told = call("discover", tables[0], "-o", tmp_path / "g.graphml")
    assert (code, told) == (2, f"{tmp_path}/g_frequency.png: already there; --force overwrites\n")
    assert not (tmp_path / "g.graphml").exists()


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    pd.DataFrame(np.random.default_rng(0).normal(size=(20, 2)), columns=["a", "b"]).to_parquet(tmp_path / "t.parquet")
    before = (tmp_path / "t.parquet").read_bytes()
    table = f"{tmp_path}/t.parquet"
    for words in (["discover", table], ["match", f"{table}:a", f"{table}:b"]):
        code, _, told = call(*words, "-o", table, "--force")
        assert (code, told) == (2, f"{table}: is the input; choose another name\n")
    assert (tmp_path / "t.parquet").read_bytes() == before


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_on_a_terminal_it_is_a_question(tmp_path: Path, answer: str, code: int) -> None:
    (tmp_path / "g.graphml").write_text("mine")
    master, slave = pty.openpty()
    os.write(master, f"{answer}\n".encode())
    asked = (
        "from pathlib import Path\nfrom avgraph.cli.group import may_write\nmay_write([Path('g.graphml')], force=False)"
    )
    done = subprocess.Popen(
        [sys.executable, "-c", asked], stdin=slave, stderr=slave, stdout=subprocess.PIPE, cwd=tmp_path
    )
    done.communicate(timeout=120)
    os.write(slave, b"the end")
    told = ""
    while "the end" not in told:  # a terminal hands over what was written in as many pieces as it likes
        told += os.read(master, 10_000).decode()
    assert done.returncode == code, told
    assert "g.graphml: already there; overwrite? [y/N]" in told
    assert ("g.graphml: kept; nothing was done" in told) == (answer == "n")


def test_a_graph_of_edges_alone_is_one_parquet_table(tables: tuple[Path, Path], tmp_path: Path) -> None:
    found = match_tables(*tables, tmp_path / "c.parquet", epsilon=0.01)
    table = pd.read_parquet(tmp_path / "c.parquet")
    assert list(table.columns[:5]) == ["source", "target", "source_name", "target_name", "weight"]
    pairs = {(row.source_name, row.target_name): row.mass for row in table.itertuples()}
    assert pairs == pytest.approx({(source, target): mass for source, target, mass in found.pairs()})
    kept = pq.read_schema(tmp_path / "c.parquet").metadata
    assert json.loads(kept[b"avgraph_nodes"])["source"] == [str(k) for k in range(12)]
    assert json.loads(kept[b"avgraph_graph"])["values"]["settings"]["epsilon"] == 0.01


def test_a_folder_of_tables_is_replaced_only_when_asked_and_only_if_it_is_one(
    tables: tuple[Path, Path], tmp_path: Path
) -> None:
    graph = match_tables(*tables, tmp_path / "c.json").graph
    graph["source"].level = graph["source"].num_nodes * [1.0]  # more than names: a folder of tables
    folder = export_graph(graph, tmp_path / "g.parquet")
    before = sorted(file.name for file in folder.iterdir())
    assert [name.split(".")[0] for name in before] == [
        "edges-source-coupled-target", "graph", "nodes-source", "nodes-target"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="already exists"):
        export_graph(graph, folder)
    (folder / "nodes-source.parquet").write_text("old")
    export_graph(graph, folder, overwrite=True)
    assert pd.read_parquet(folder / "nodes-source.parquet").level.tolist() == [1.0] * 12
    graph["target"].thing = object()  # cannot be stored: what was there stays
    with pytest.raises(ValueError, match="thing"):
        export_graph(graph, folder, overwrite=True)
    assert sorted(file.name for file in folder.iterdir()) == before
    del graph["target"].thing
    (folder / "thesis.doc").write_text("mine")
    with pytest.raises(ValueError, match="holds other things than exported tables; it is not overwritten"):
        export_graph(graph, folder, overwrite=True)
    assert (folder / "thesis.doc").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_messages_name_options(tables: tuple[Path, Path], tmp_path: Path) -> None:
    output = ["-o", tmp_path / "c.graphml"]
    for words, message in (
        (["--solver", "partial"], "--mass: expected a number with solver 'partial'"),
        (["--marginal-penalty", "1"], "--marginal-penalty: expected a number with solver 'unbalanced' and none"),
        (["--solver", "emd", "--max-iter", "5"], "--max-iter: not with solver 'emd', which is exact"),
        (["--epsilon", "-1"], "--epsilon: expected a number above 0, got -1"),
    ):
        code, _, told = call("match", *tables, *output, *words)
        assert code == 2
        assert told.startswith(message), told
    with pytest.raises(ValueError, match=r"^marginal_penalty: expected a number"):  # Python names its own arguments
        match_tables(*tables, tmp_path / "c.graphml", marginal_penalty=1.0)
