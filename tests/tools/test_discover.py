"""A table to a dependency graph on disk, in Python and on the command line."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.dag import grasp
from avgraph.errors import DataError, GraphError
from avgraph.export import read_graphml, to_networkx
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
