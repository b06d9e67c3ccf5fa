"""`avgraph.tools.match`: two tables to a coupling on disk."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from avgraph.errors import DataError, GraphError
from avgraph.tools.match import match_tables


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(20, 8))
    np.save(tmp_path / "a.npy", x)
    y = x[::-1] + 0.01 * draw.normal(size=x.shape)
    np.savez(tmp_path / "b.npz", y=np.concatenate([y, draw.normal(size=(5, 8))]))  # five without a partner
    return tmp_path / "a.npy", Path(f"{tmp_path / 'b.npz'}:y")


def test_partial_coupling_leaves_strangers_out(tables: tuple[Path, Path], tmp_path: Path) -> None:
    found = match_tables(*tables, tmp_path / "c.graphml", solver="partial", mass=0.8, epsilon=0.01)
    assert found.moved == pytest.approx(0.8, abs=1e-3)
    best = {source: target for source, target, mass in reversed(found.pairs()) if mass > 0.02}
    assert best == {str(i): str(19 - i) for i in range(20)}
    graph = nx.read_graphml(found.file)
    assert graph.number_of_nodes() == 45
    assert sum(mass for *_, mass in graph.edges(data="mass")) == pytest.approx(found.moved, abs=1e-5)
    masses = [mass for *_, mass in found.pairs()]
    assert masses == sorted(masses, reverse=True)


@pytest.mark.parametrize(
    ("solver", "options"), [("sinkhorn", {}), ("emd", {}), ("unbalanced", {"marginal_penalty": 1})]
)
def test_every_solver_and_format(
    tables: tuple[Path, Path], tmp_path: Path, solver: str, options: dict[str, float]
) -> None:
    for suffix in ("graphml", "json"):
        found = match_tables(*tables, tmp_path / f"c.{suffix}", solver=solver, mass=None, **options)
        assert found.file.stat().st_size
        assert 0.8 < found.moved < 1.01


def test_only_pairs_above_the_threshold_are_written(tables: tuple[Path, Path], tmp_path: Path) -> None:
    light = match_tables(*tables, tmp_path / "light.graphml", epsilon=0.1, threshold=0.01)
    heavy = match_tables(*tables, tmp_path / "heavy.graphml", epsilon=0.1, threshold=0.3)
    for found, share in ((light, 0.01), (heavy, 0.3)):
        written = nx.read_graphml(found.file)
        assert min(mass for *_, mass in written.edges(data="mass")) > share / 25
        assert written.number_of_edges() == len(found.pairs())
    assert [pair for pair in light.pairs() if pair[2] > 0.3 / 25] == heavy.pairs()
    assert 0 < len(heavy.pairs()) < len(light.pairs()) < 20 * 25


def test_names(tables: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("\n".join(f"clip {row}" for row in range(20)))
    found = match_tables(*tables, tmp_path / "c.graphml", source_names=tmp_path / "names.txt")
    assert {pair[0] for pair in found.pairs()} == {f"clip {row}" for row in range(20)}
    with pytest.raises(DataError, match=r"names\.txt: expected 25 names, one per row, got 20"):
        match_tables(*tables, tmp_path / "c.graphml", target_names=tmp_path / "names.txt")


def test_bad_input_is_named(tables: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = tables
    np.save(tmp_path / "wide.npy", np.ones((3, 9)))
    np.save(tmp_path / "nan.npy", np.array([[0.0], [np.nan]]))
    np.save(tmp_path / "flat.npy", np.ones(3))
    output = tmp_path / "c.graphml"
    with pytest.raises(DataError, match=r"expected tables of one width, got \[20, 8\] and \[3, 9\]"):
        match_tables(a, tmp_path / "wide.npy", output)
    with pytest.raises(DataError, match=r"nan\.npy: row 1 has NaN or infinite values"):
        match_tables(tmp_path / "nan.npy", b, output)
    with pytest.raises(DataError, match=r"flat\.npy: expected a table of numbers \[n, d\], got float64 \[3\]"):
        match_tables(tmp_path / "flat.npy", b, output)
    with pytest.raises(DataError, match=r"expected a file \.graphml, .* in a folder that exists"):
        match_tables(a, b, tmp_path / "c.xyz")
    with pytest.raises(GraphError, match="mass: expected a number with solver 'partial'"):
        match_tables(a, b, output, solver="partial")
    assert not output.exists()


def test_options_that_a_solver_has_no_use_for(tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.eye(3))
    files = [tmp_path / name for name in ("a.npy", "b.npy", "c.json")]
    with pytest.raises(GraphError, match="epsilon: not with solver 'emd', which is exact"):
        match_tables(*files, solver="emd", epsilon=0.1)
    with pytest.raises(GraphError, match="epsilon: expected a number above 0, got -3"):
        match_tables(*files, epsilon=-3)
