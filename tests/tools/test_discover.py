"""A table to a dependency graph on disk, in Python and on the command line."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch_geometric.data import HeteroData

from avgraph.cli import main
from avgraph.dag import grasp
from avgraph.errors import AvgraphError, DataError, GraphError
from avgraph.export import read_graphml, to_networkx
from avgraph.io.graph_file import save_graph
from avgraph.tools.discover import discover_table


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """rain, sprinkler → wet → slippery; noise apart."""
    rng = np.random.default_rng(0)
    rain, sprinkler, noise = rng.normal(size=(3, 400))
    wet = rain + sprinkler + 0.5 * rng.normal(size=400)
    slippery = 2 * wet + rng.normal(size=400)
    file = tmp_path / "garden.csv"
    columns = np.stack([rain, sprinkler, wet, slippery, noise], axis=1)
    np.savetxt(file, columns, delimiter=",", header="rain,sprinkler,wet,slippery,noise", comments="")
    return file


def test_writes_the_graph_of_the_search_with_weights_and_frequencies(table: Path) -> None:
    found = discover_table(table, table.with_name("dag.graphml"), seed=3, restarts=4)
    direct = grasp(np.loadtxt(table, delimiter=",", skiprows=1), seed=3, restarts=4)
    assert np.array_equal(found.dag.adjacency, direct.adjacency)
    assert [file.name for file in found.files] == ["dag.graphml", "dag.png", "dag_frequency.png"]
    assert all(file.stat().st_size > 500 for file in found.files)
    data = read_graphml(found.files[0])
    edges = data["column", "drives", "column"]
    assert data["column"].name == ["rain", "sprinkler", "wet", "slippery", "noise"]
    written = {(data["column"].name[i], data["column"].name[j]) for i, j in edges.edge_index.T.tolist()}
    assert written == {(parent, child) for parent, child, *_ in found.edges()} == set(direct_edges(direct))
    assert float(edges.edge_weight.sum()) == pytest.approx(1.0)
    assert nx.is_directed_acyclic_graph(to_networkx(data))
    assert np.all(found.frequency[direct.adjacency] > 0)


def direct_edges(dag: object) -> list[tuple[str, str]]:
    named = ("rain", "sprinkler", "wet", "slippery", "noise")
    return [(named[i], named[j]) for i, j in np.argwhere(dag.adjacency).tolist()]  # type: ignore[attr-defined]


def test_bootstraps_and_knowledge(table: Path) -> None:
    found = discover_table(
        table, table.with_name("dag.json"), bootstraps=6, required=[("wet", "slippery")], forbidden=[("wet", "rain")],
        picture="svg",
    )  # fmt: skip
    assert found.counted == "bootstraps"
    wet, slippery, rain = 2, 3, 0
    assert found.frequency[wet, slippery] == 1
    assert found.frequency[wet, rain] == 0
    assert set(np.unique(found.frequency * 6)) <= set(range(7))
    assert [file.suffix for file in found.files] == [".json", ".svg", ".svg", ".json", ".svg"]
    assert found.consensus is not None
    assert found.consensus[wet, slippery]
    assert not found.consensus[slippery, wet]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"output": "dag.txt"}, "dag.txt: expected a file .graphml, .gexf, .json, .parquet in a folder"),
        ({"output": "nowhere/dag.graphml"}, "expected a file .graphml, .gexf, .json, .parquet in a folder that exists"),
        ({"algorithm": "boss", "time_limit": 5.0}, "time_limit: only the algorithm 'grasp' takes this, not 'boss'"),
        ({"algorithm": "ges", "bootstraps": 2}, "bootstraps: only for the algorithm 'grasp', not 'ges'"),
        ({"alpha": 0.1}, "alpha: not an option of algorithm 'grasp'; its options: penalty_discount, restarts, seed"),
        ({"required": [("wet", "mud")]}, "mud"),
        ({"required": [("wet", "rain"), ("rain", "wet")]}, "required"),
    ],
)
def test_mistakes(table: Path, arguments: dict[str, object], message: str) -> None:
    options = dict(arguments)
    output = table.parent / str(options.pop("output", "dag.graphml"))
    with pytest.raises((DataError, GraphError), match=message):
        discover_table(table, output, **options)  # type: ignore[arg-type]
    assert {file.name for file in table.parent.iterdir()} == {"garden.csv"}


def test_on_the_command_line(table: Path) -> None:
    output = table.with_name("dag.gexf")
    result = CliRunner().invoke(main, ["discover", str(table), "-o", str(output), "--require", "wet", "slippery"])
    assert result.exit_code == 0, result.output
    assert "400 rows, 5 columns:" in result.output
    assert "slippery" in result.output
    assert f"wrote {output}" in result.output
    wrong = CliRunner().invoke(main, ["discover", str(table.with_name("no.csv")), "-o", str(output), "--force"])
    assert wrong.exit_code == 2
    assert wrong.output.count("\n") == 1
    assert "no such file" in wrong.output


FOUR_AGAIN = """a,b,c,d,e
0.35,1.19,-1.37,1.73,1.35
0.82,1.67,-0.55,1.95,1.72
0.33,-0.27,-0.48,1.00,0.12
-1.30,-0.86,1.99,-2.23,-2.54
0.91,0.39,-1.60,1.83,1.92
0.45,0.35,0.56,0.48,0.53
"""


def test_a_graph_of_no_start_and_few_rows_are_told(tmp_path: Path, table: Path) -> None:
    (tmp_path / "few.csv").write_text(FOUR_AGAIN)
    found = discover_table(tmp_path / "few.csv", tmp_path / "few.graphml")
    unseen = sum(edge.adjacent == 0 for edge in found.edges())
    assert unseen
    assert found.cautions() == [
        "6 rows for 5 columns: below 10 rows a column some edges are likely chance",
        f"{unseen} of {found.dag.n_edges} edges are in no start: "
        "a perturbation found this graph, which is better than that of every start",
    ]
    again = ["discover", str(tmp_path / "few.csv"), "-o", str(tmp_path / "few.graphml"), "--force"]
    assert "note: 6 rows for 5 columns" in CliRunner().invoke(main, again).stderr
    assert json.loads(CliRunner().invoke(main, [*again, "--json"]).stdout)["cautions"] == found.cautions()
    assert discover_table(table, tmp_path / "dag.graphml").cautions() == []


def test_ridge_serves_the_tables_it_is_for(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    for name, table in (("same", x[:, [0, 1, 0]]), ("constant", x * [1, 1, 0]), ("few", x[:3])):
        np.save(tmp_path / f"{name}.npy", table)
        with pytest.raises(DataError, match="give a ridge"):
            discover_table(tmp_path / f"{name}.npy", tmp_path / f"{name}.graphml")
        assert len(discover_table(tmp_path / f"{name}.npy", tmp_path / f"{name}.graphml", ridge=0.1).files) == 3


def test_names_that_are_no_formula_are_drawn(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    np.savetxt(tmp_path / "t.csv", x, delimiter=",", header="$\\frac$,c^$_{", comments="")
    assert all(file.is_file() for file in discover_table(tmp_path / "t.csv", tmp_path / "g.graphml").files)


def test_what_is_in_the_way_of_a_picture_is_told_first(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.random.default_rng(0).normal(size=(50, 2)))
    (tmp_path / "g.png").mkdir()
    with pytest.raises(DataError, match=r"g\.png: is a folder"):
        discover_table(tmp_path / "t.npy", tmp_path / "g.graphml")
    assert not (tmp_path / "g.graphml").exists()


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",a,b\n0,1,2\n1,2,1\n")
    with pytest.raises(DataError, match="column 0 has no name; an index column"):
        discover_table(tmp_path / "t.csv", tmp_path / "g.graphml")


def test_the_nodes_of_a_run(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    data = HeteroData()
    data["audio"].score = (2 * torch.randn(120, 3, generator=draw)).softmax(1)
    data["audio"].embedding, data["audio"].y = torch.randn(120, 2, generator=draw), torch.zeros(120)
    data["label"].name, data["label"].y = ["owl", "cat", "dog"], torch.tensor([2, 0, 1])
    run = tmp_path / "run"
    run.mkdir()
    save_graph(data, run / "graph.pt")
    for name in ("metrics.json", "config.yaml"):
        (run / name).write_text("{}")
    output = tmp_path / "dag.json"
    found = discover_table(run, output, node="audio", attribute="score", restarts=1)
    assert found.dag.names == ("cat", "dog", "owl")
    assert list(found.made_of.inputs) == [str(run / "graph.pt")]
    told = "audio.score: probabilities, taken as their logits"
    assert {name: found.made_of.settings[name] for name in ("node", "attribute", "notes")} == {
        "node": "audio", "attribute": "score", "notes": [told],
    }  # fmt: skip
    other = discover_table(run / "graph.pt", output, node="audio", attribute="embedding", restarts=1)
    assert (other.dag.names, other.made_of.settings["notes"]) == (("embedding[0]", "embedding[1]"), [])
    some = discover_table(run, output, node="audio", attribute="score", columns=["[co]*"], restarts=1)
    assert some.dag.names == ("cat", "owl")
    result = CliRunner().invoke(main, ["discover", str(run), "-o", str(output), "--force", "--quiet", "--node", "audio",
                                       "--attribute", "score", "--restarts", "1"])  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, f"note: {told}\n")


def test_nodes_that_cannot_be_a_table(tmp_path: Path) -> None:
    data = HeteroData(audio={"score": torch.tensor([[0.0, float("nan")]]), "y": torch.tensor([1]), "name": ["a"]})
    save_graph(data, tmp_path / "graph.pt")
    np.save(tmp_path / "x.npy", np.eye(3))
    for node, attribute, path, message in (
        ("adio", "score", "graph.pt", "no node type 'adio'; did you mean 'audio'"),
        ("audio", "x", "graph.pt", "node type 'audio' has no 'x'"),
        ("audio", "y", "graph.pt", r"graph\.pt: audio\.y: expected numbers \[rows, columns\], got int64 \[1\]"),
        ("audio", "name", "graph.pt", r"audio\.name: expected numbers \[rows, columns\], got list"),
        ("audio", "score", "graph.pt", r"audio\.score: row 0, column 1 is nan"),
        ("audio", "score", "x.npy", r"node, attribute: only of a run or its graph\.pt, not of .*x\.npy"),
        ("audio", None, "graph.pt", "attribute: missing; a run's table is an attribute of its nodes"),
        ("audio", "score", "", "neither a finished run nor a folder that holds one"),
    ):
        with pytest.raises(AvgraphError, match=message):
            discover_table(tmp_path / path, tmp_path / "dag.json", node=node, attribute=attribute)
    (tmp_path / "config.yaml").write_text("")
    with pytest.raises(DataError, match="is the folder of a run; expected a node type and an attribute"):
        discover_table(tmp_path, tmp_path / "dag.json")
