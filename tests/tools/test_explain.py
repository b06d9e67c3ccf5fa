"""`avgraph explain`: a table, JSON, GraphML, a picture and a part of the report; names are text, mistakes one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import torch
from click.testing import CliRunner
from torch_geometric.data import HeteroData

import avgraph
from avgraph.cli import main
from avgraph.errors import DataError
from avgraph.export import read_graphml
from avgraph.methods.explanation import ExplainOptions
from avgraph.methods.rrnet import RRNetTask
from avgraph.report import write_report
from avgraph.tools.explain import explain_predictions
from avgraph.tools.named_edge import edge_numbers, node_number
from tests.experiments import small_experiment

HOSTILE = '<b>]]> [red]a, "b" & $x$'
NAMES = [f"clip {row}" for row in range(44)] + [HOSTILE]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    (folder / "names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    node = "audio: {x: audio.npy, y: audio_y.npy, split: split.npy"
    file = small_experiment(folder, **{node: f"{node}, name: names.txt", "epochs: 30": "epochs: 4"})
    return avgraph.train(file).directory


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["explain", *map(str, words)], env={"COLUMNS": "200"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


def test_a_node_by_name_gives_tables_a_graph_and_a_picture(directory: Path, tmp_path: Path) -> None:
    graph, picture = tmp_path / "why.graphml", tmp_path / "why.svg"
    code, text = call(directory, "--node", HOSTILE, "-o", graph, "-o", picture, "--top", 3, "--draws", 2)
    assert code == 0
    found = avgraph.explain(directory, (HOSTILE, None), options=ExplainOptions(top=3, draws=2))
    assert text.startswith(f"{HOSTILE} → {found.target_name}: probability {found.probability:.4f}")
    assert all(f"{edge.importance:+.2g}" in text for edge in found.edges[:3])
    assert "3 of " in text
    read = read_graphml(graph)
    kind = ("audio", "near", "audio")
    assert torch.equal(read[kind].importance, found.graph[kind].importance)
    assert torch.equal(read["audio"].importance, found.graph["audio"].importance)
    assert read.explanation["faithfulness"] == json.loads(json.dumps(found.as_dict()))["faithfulness"]
    opened = nx.read_graphml(graph)
    assert {HOSTILE} == {
        data["name"] for _, data in opened.nodes(data=True) if data["asked"] and data["node_type"] == "audio"
    }
    assert sum(data["importance"] != 0 for _, _, data in opened.edges(data=True)) > 0
    assert "&lt;b&gt;]]&gt; [red]a" in picture.read_text(encoding="utf-8")


def test_an_edge_as_json_is_what_is_kept(directory: Path) -> None:
    code, text = call(directory, "--edge", f"{HOSTILE},dog", "--draws", 1, "--json", "--quiet")
    assert code == 0
    printed = json.loads(text)
    kept = directory / "explanations" / f"edge-{printed['source']}-{printed['target']}.json"
    assert printed.pop("files") == [str(kept), str(kept.with_suffix(".png"))]
    assert printed == json.loads(kept.read_text(encoding="utf-8"))
    assert (printed["source_name"], printed["target_name"], printed["edges_in_all"]) == (
        HOSTILE,
        "dog",
        len(printed["edges"]),
    )
    first = printed["edges"][0]
    assert first["importance"] == pytest.approx(-first["change"], abs=1e-6)
    assert call(directory, "--edge", "44,1", "--draws", 1, "--no-keep", "--json")[1] == json.dumps(
        {**printed, "files": []}
    )


@pytest.mark.slow
def test_predictions_stand_beside_random_choices(directory: Path) -> None:
    options = ExplainOptions(algorithm="gradient", draws=1, top=2)
    study = explain_predictions(directory, 4, options=options, keep=False).found
    again = explain_predictions(directory, 4, options=options, keep=False).found
    assert study.as_dict() == again.as_dict()
    written: dict[str, Any] = study.as_dict()
    assert written["predictions"] == len({row["source"] for row in written["explained"]}) == 4
    for row in written["fidelity"]:
        parts = [part for one in written["explained"] for part in one["faithfulness"] if part["of"] == row["of"]]
        gaps = [part["plus"] - part["random_plus"] for part in parts]
        assert (row["predictions"], row["chosen"]) == (4, 2)
        assert row["more"]["difference"] == pytest.approx(sum(gaps) / 4)
        assert row["less"]["difference"] == pytest.approx(row["random_minus"] - row["minus"])
    whole = next(row for row in written["ablations"] if row["without"] == "features of the audio asked about")
    assert whole["predictions"] == 4
    assert 0 <= whole["lost"] <= whole["moved"]
    code, text = call(directory, "--predictions", 100, "--draws", 1, "--algorithm", "gradient")
    assert code == 0
    assert "15 predictions of the test split" in text
    assert "predictions-test-gradient.json" in text


def test_the_report_shows_what_was_explained_and_takes_no_name_for_more_than_text(
    directory: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(directory, tmp_path / "run")
    shutil.rmtree(run / "explanations", ignore_errors=True)
    before = write_report([run], tmp_path / "before.html").read_text(encoding="utf-8")
    assert "Why it says so" not in before
    assert call(run, "--node", HOSTILE, "--draws", 1)[0] == 0
    assert call(run, "--predictions", 3, "--draws", 1)[0] == 0
    page = write_report([run], tmp_path / "after.html").read_text(encoding="utf-8")
    assert 'id="why-1"' in page
    assert "3 predictions of the test split, the 5 most important by removal" in page
    assert "<h3>&lt;b&gt;]]&gt; [red]a, &#34;b&#34; &amp; $x$ → " in page
    assert 'alt="what the answer for &lt;b&gt;' in page
    (run / "explanations" / "edge-1-1.json").write_text('{"probability": "high"}', encoding="utf-8")
    with pytest.raises(DataError, match=r"edge-1-1.json: not what avgraph explain writes; explain again, or remove it"):
        write_report([run], tmp_path / "damaged.html")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--node", "clip 99"), "no audio 'clip 99'; did you mean 'clip 9'? Names and numbers from 0 to 44 are taken"),
        (("--edge", "clip 1,dgo"), "no label 'dgo'; did you mean 'dog'? Names and numbers from 0 to 2 are taken"),
        (("--edge", "clip 1"), "--edge: expected SOURCE,TARGET (a audio and a label), got 'clip 1'"),
        (("--node", "45"), "no audio '45'; names and numbers from 0 to 44 are taken"),
        ((), "explain: expected one of --edge SOURCE,TARGET, --node SOURCE and --predictions N, got none"),
        (("--node", "1", "--predictions", "2"), "--node SOURCE and --predictions N, got --node and --predictions"),
        (("--node", "1", "-o", "why.txt"), "why.txt: expected a file .graphml, .gexf, .json, .parquet, .png, .svg"),
        (("--predictions", "2", "-o", "why.png"), "why.png: -o is for one edge; what --predictions finds is kept"),
        (("--predictions", "2", "--split", "tset"), "--split: no audio node is of the split 'tset'"),
        (("--node", "1", "--top", "0"), "--top: expected a whole number of at least 1, got 0"),
    ],
)
def test_mistakes_are_one_line(directory: Path, words: tuple[str, ...], message: str) -> None:
    before = sorted(directory.rglob("*"))
    code, text = call(directory, *words)
    assert (code, text.count("\n")) == (2, 0)
    assert message in text
    assert sorted(directory.rglob("*")) == before


def test_a_method_without_messages_says_so(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RRNetTask, "explained", lambda self: None)
    code, text = call(directory, "--node", "1")
    assert code == 2
    assert "method 'rrnet' explains nothing: explain takes apart answers that come of messages along edges" in text


def test_names_are_read_in_the_one_way_that_fits() -> None:
    graph = HeteroData(a={"name": ["x", "x,y", "2", "twin", "twin"]}, b={"name": ["z", "y,z"]})
    kind = ("a", "candidate", "b")
    assert edge_numbers(graph, kind, "2,1") == (2, 1)  # a name goes before a number
    assert node_number(graph, "a", 2) == 2
    with pytest.raises(DataError, match="'x,y,z' can be read in 2 ways; give numbers of the nodes"):
        edge_numbers(graph, kind, "x,y,z")
    with pytest.raises(DataError, match="2 a nodes are called 'twin'; give the number of one, such as 3"):
        edge_numbers(graph, kind, "twin,z")
