"""Directions that the data do not tell come out without direction: in the result, on the terminal, in every file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.patches import ArrowStyle

from avgraph.cli import main
from avgraph.dag import DAG, grasp
from avgraph.dag.cpdag import cpdag_of
from avgraph.dag.draw import drawing_of
from avgraph.dag.figure import figure_of
from avgraph.io.files_read import sha256_file
from avgraph.tools.discover import discover_table
from avgraph.version import __version__
from tests.dag.graphs import random_dag, sample


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """a → b → c, negative, whose directions no data tell; d → f ← e, whose directions they do."""
    rng = np.random.default_rng(0)
    a, d, e = rng.normal(size=(3, 1000))
    b = -2 * a + rng.normal(size=1000)
    c = 2 * b + rng.normal(size=1000)
    f = d + e + rng.normal(size=1000)
    np.savetxt(tmp_path / "t.csv", np.stack([a, b, c, d, e, f], 1), delimiter=",", header="a,b,c,d,e,f", comments="")
    return tmp_path / "t.csv"


OPEN, TOLD = {frozenset("ab"), frozenset("bc")}, {("d", "f"), ("e", "f")}


def test_the_class_is_in_the_result_and_in_graphml(table: Path) -> None:
    found = discover_table(table, table.with_name("g.graphml"), bootstraps=10)
    edges = found.edges()
    assert {frozenset((edge.parent, edge.child)) for edge in edges if not edge.directed} == OPEN
    assert {(edge.parent, edge.child) for edge in edges if edge.directed} == TOLD
    assert all(edge.forward == edge.backward == 0 for edge in edges if not edge.directed)
    assert [edge.adjacent for edge in edges] == sorted((edge.adjacent for edge in edges), reverse=True)
    sign = {frozenset((edge.parent, edge.child)): np.sign(edge.coefficient) for edge in edges}
    assert sign[frozenset("ab")] == -1
    assert sign[frozenset("bc")] == 1
    assert sum(edge.weight for edge in edges) == pytest.approx(1)
    for file, listed in ((found.files[0], edges), (found.files[3], found.agreed())):
        graph = nx.read_graphml(file)
        names = nx.get_node_attributes(graph, "label")
        told = {(names[a], names[b], directed) for a, b, directed in graph.edges(data="directed")}
        assert told == {(edge.parent, edge.child, edge.directed) for edge in listed}
        for *_, edge in graph.edges(data=True):
            assert {"weight", "directed", "forward", "backward", "adjacent"} <= edge.keys()
        settings = json.loads(graph.graph["settings"])
        assert (settings["bootstraps"], settings["penalty_discount"], settings["perturbations"]) == (10, 1.0, 5)
        assert settings["seed"] == 0
        assert json.loads(graph.graph["inputs"]) == {str(table): sha256_file(table)}
        assert graph.graph["avgraph_version"] == __version__
    assert {(edge.parent, edge.child) for edge in found.agreed() if edge.directed} == TOLD
    assert {frozenset((edge.parent, edge.child)) for edge in found.agreed() if not edge.directed} == OPEN


def test_what_is_known_fixes_directions_of_the_class(table: Path) -> None:
    found = discover_table(table, table.with_name("g.json"), required=[("a", "b")], bootstraps=4)
    told = {(edge.parent, edge.child): edge for edge in found.edges() if edge.directed}
    assert told.keys() == TOLD | {("a", "b"), ("b", "c")}  # b → c follows: b is no collider
    assert told["b", "c"].forward == 1
    assert found.made_of.settings["required"] == [["a", "b"]]
    assert {(edge.parent, edge.child) for edge in found.agreed()} == told.keys()


def test_the_picture_has_heads_only_where_there_are_directions(table: Path) -> None:
    found = discover_table(table, table.with_name("g.graphml"), picture="svg")
    text = found.files[1].read_text()
    for edge in found.edges():
        i, j = (found.dag.names.index(end) for end in (edge.parent, edge.child))
        assert (f'id="directed-{i}-{j}"' in text) == edge.directed
        assert (f'id="undirected-{i}-{j}"' in text) == (not edge.directed)
    assert "no head: the data tell no direction" in text
    assert "dashed: more of one, less of the other" in text
    drawing = drawing_of(found.dag.adjacency, found.equivalence_class, found.dag.names, found.coefficients)
    for patch in figure_of(drawing).axes[0].patches:
        has_head = isinstance(patch.get_arrowstyle(), ArrowStyle.CurveFilledB)
        assert has_head == patch.get_gid().startswith("directed-")


def test_columns_whose_edges_are_not_drawn_are_not_said_to_have_none(tmp_path: Path) -> None:
    chain = np.zeros((4, 4), dtype=bool)
    chain[[0, 1], [1, 2]] = True
    weights = np.where(chain, 0.1, 0.0)
    weights[0, 1] = 0.9
    notes = drawing_of(chain, chain, ("a", "b", "c", "d"), weights, most_edges=1).notes(80)
    assert notes == ["the 1 heaviest of 2 edges", "1 without edges: d", "1 with lighter edges alone: c"]


@pytest.mark.parametrize("seed", range(4))
def test_random_graphs_against_their_class(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = sample(random_dag(7, 8, rng)[1], 400, rng)
    np.save(tmp_path / "x.npy", x)
    found = discover_table(tmp_path / "x.npy", tmp_path / "g.parquet", seed=seed)
    graph: DAG = grasp(x, seed=seed)
    cpdag = cpdag_of(graph.adjacency)
    rows = pd.read_parquet(found.files[0])
    assert len(rows) == graph.n_edges
    for row in rows.itertuples():
        i, j = row.source, row.target
        assert graph.adjacency[i, j]
        assert row.directed == (not cpdag[j, i])
        assert (row.source_name, row.target_name) == (f"x{i}", f"x{j}")
        shares = [cpdag_of(start) for start in graph.start_adjacencies]
        assert row.forward == pytest.approx(np.mean([c[i, j] and not c[j, i] for c in shares]))
        assert row.adjacent == pytest.approx(np.mean([c[i, j] or c[j, i] for c in shares]))


def test_the_terminal_tells_arrows_from_lines(table: Path) -> None:
    result = CliRunner().invoke(main, ["discover", str(table), "-o", str(table.with_name("g.graphml"))])
    assert result.exit_code == 0, result.output
    rows = [line.split("│")[1:4] for line in result.output.splitlines() if line.startswith("│")]
    drawn = {(a.strip(), arrow.strip(), b.strip()) for a, arrow, b in rows}
    assert {frozenset((a, b)) for a, arrow, b in drawn if arrow == "—"} == OPEN
    assert {(a, b) for a, arrow, b in drawn if arrow == "→"} == TOLD
    assert "2 have a direction that data and knowledge identify (→), 2 have none (—)" in result.output


def test_a_wrong_table_or_option_is_told_before_anything_slow_is_imported(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,a,b\n" + "".join(f"n{k},{k},{k * k}\n" for k in range(9)))
    (tmp_path / "c.csv").write_text("a,b\n" + "".join(f"{k},1\n" for k in range(9)))
    told = (
        (["missing.csv"], "missing.csv: no such file"),
        (["t.csv", "--columns", "name,a"], "t.csv: row 0 (line 2), column 'name': expected a number, got 'n0'"),
        (["t.csv", "--columns", "x"], "--columns: no column 'x'; there are: name, a, b (t.csv)"),
        (["c.csv"], "constant column 'b': leave them out (--drop), or give a ridge (--ridge)"),
        (["t.csv", "--penalty-discount", "-1"], "--penalty-discount: expected a number above 0, got -1.0"),
        (["t.csv", "--require", "a", "c"], "--require: no column 'c'"),
        (["t.csv", "--algorithm", "pc", "--seed=1"], "--seed: not an option of algorithm 'pc'; its options: --alpha"),
    )
    code = (
        "import sys\nfrom avgraph.cli import main\n"
        f"for words in {[words for words, _ in told]!r}:\n"
        "    try:\n        main(['discover', *words, '-o', 'g.graphml'])\n    except SystemExit as end:\n"
        "        assert end.code == 2, end.code\n"
        "slow = {'torch', 'numba', 'causallearn', 'matplotlib', 'pandas', 'sklearn'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [message for _, message in told]
    assert not list(tmp_path.glob("g*"))


def test_columns_and_drop_on_the_command_line(table: Path) -> None:
    output = str(table.with_name("g.json"))
    words = ["discover", str(table), "-o", output, "--json"]
    result = CliRunner().invoke(main, [*words, "--columns", "a,b", "--columns", "c", "--drop", "a"])
    assert json.loads(result.stdout)["columns"] == ["b", "c"]
    assert json.loads(result.stdout)["settings"]["drop"] == ["a"]
