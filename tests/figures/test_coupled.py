"""Pictures of a shared space and of matchings: what they show, the same bytes every time, what is refused."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, GraphError
from avgraph.figures import draw_coupled, draw_matchings, draw_shared_space, to_plane


def texts_of(path: Path) -> list[str]:
    """Whatever is written in an SVG."""
    return re.findall(r">([^<>\n]+)</text>", path.read_text(encoding="utf-8"))


def clusters(classes: int, each: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sounds [n, 8] in narrow clusters, the text [classes, 8] in the middle of each, labels [n]."""
    draw = torch.Generator().manual_seed(0)
    y = torch.randn(classes, 8, generator=draw)
    label = torch.arange(classes * each) % classes
    return y[label] + 0.1 * torch.randn(classes * each, 8, generator=draw), y, label


def test_what_is_near_in_the_space_is_near_in_the_plane() -> None:
    x, y, label = clusters(5, 12)
    left, right = to_plane(x, 4 * y)  # length does not matter
    assert left.shape == (60, 2)
    nearest = ((left[:, None] - right[None]) ** 2).sum(2).argmin(1)
    assert (nearest == label.numpy()).mean() > 0.95
    again, _ = to_plane(x, y)
    np.testing.assert_array_equal(left, again)


@pytest.mark.parametrize(("n", "d"), [(1, 4), (2, 4), (2, 1), (6, 1), (40, 8)])
def test_few_narrow_and_collapsed_rows_have_places_too(n: int, d: int) -> None:
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    for y in (torch.randn(1, d), x[:1]):
        for left, right in (to_plane(x, y), to_plane(x[:1].expand(n, d), y)):
            assert left.shape == (n, 2)
            assert np.isfinite(left).all()
            assert np.isfinite(right).all()
    left, right = to_plane(torch.eye(2), -torch.eye(2)[:1])
    assert np.linalg.norm(left[0] - right[0]) == pytest.approx(2, abs=1e-6)  # three rows are drawn to scale
    assert np.linalg.norm(left[0] - left[1]) == pytest.approx(2**0.5, abs=1e-6)


def test_umap_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class UMAP:
        def __init__(self, **options: Any) -> None:
            asked.update(options)

        def fit_transform(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, :2]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=UMAP))  # type: ignore[arg-type]
    x, y, _ = clusters(3, 4)
    left, right = to_plane(x, y, layout="umap", seed=7)
    assert (len(left), len(right)) == (12, 3)
    assert asked == {"n_neighbors": 5, "metric": "cosine", "random_state": 7}
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(DataError, match=r"needs: pip install avgraph\[umap\]"):
        to_plane(x, y, layout="umap")


@pytest.mark.parametrize("classes", [4, 25])
def test_names_stand_in_the_picture_once(classes: int, tmp_path: Path) -> None:
    x, y, label = clusters(classes, 4)
    names = [f"This is a sound of class {k}" for k in range(classes)]
    names[0] = "This is a sound of a dog"
    files = [
        draw_shared_space(x, y, label, torch.arange(classes), tmp_path / f"{k}.svg", y_name=names, title="zero-shot")
        for k in range(2)
    ]
    written = texts_of(files[0])
    assert [written.count(name) for name in ("a dog", "class 3", "zero-shot", "audio", "text")] == [1] * 5
    assert not any("This is" in text for text in written)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_matchings_are_shares_of_rows(tmp_path: Path) -> None:
    mass = np.array([[3.0, 1.0], [0.0, 0.0]])  # the second sound has no partner
    path = draw_matchings({"true": np.eye(2), "m-LTM": mass}, ["s1", "s2"], ["a dog", "a cat"], tmp_path / "m.svg")
    written = texts_of(path)
    assert [written.count(text) for text in ("true", "m-LTM", "s1")] == [1, 1, 1]
    assert written.count("dog") == 2  # once below each panel
    with pytest.raises(GraphError, match=r"matchings: 'bad': expected masses \[2, 2\], got \[2, 3\]"):
        draw_matchings({"bad": np.ones((2, 3))}, ["a", "b"], ["c", "d"], tmp_path / "bad.png")
    with pytest.raises(GraphError, match="matchings: 'bad': expected masses"):
        draw_matchings({"bad": -np.ones((2, 2))}, ["a", "b"], ["c", "d"], tmp_path / "bad.png")
    with pytest.raises(GraphError, match="matchings: expected at least one, got none"):
        draw_matchings({}, ["a"], ["b"], tmp_path / "bad.png")
    assert not (tmp_path / "bad.png").exists()


def learned() -> HeteroData:
    """Twelve sounds of three classes, the last six to test; text 2 gets the mass of class 1 too."""
    x, y, label = clusters(3, 4)
    data = HeteroData()
    data["audio"].embedding, data["audio"].y = x, label
    data["audio"].test_mask = torch.arange(12) >= 6
    data["text"].embedding, data["text"].y = y, torch.arange(3)
    data["text"].name = ["a dog", "a cat", "a bell"]
    data["audio", "coupled", "text"].edge_index = torch.tensor([[6, 7, 8], [0, 2, 2]])
    data["audio", "coupled", "text"].mass = torch.tensor([0.1, 0.1, 0.1])
    return data


def test_pictures_of_a_learned_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def keep(matchings: Any, rows: Any, columns: Any, path: Path, **_: Any) -> Path:
        seen.update(inferred=matchings["inferred"], true=matchings["true"], rows=rows, columns=columns)
        return path

    files = draw_coupled(learned(), tmp_path)
    assert [file.name for file in files] == ["shared_space_test.png", "matching_test.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
    monkeypatch.setattr("avgraph.figures.coupled.draw_matchings", keep)
    draw_coupled(learned(), tmp_path)
    np.testing.assert_allclose(seen["inferred"], [[0.1, 0, 0], [0, 0, 0.1], [0, 0, 0.1]])
    np.testing.assert_array_equal(seen["true"], np.eye(3))
    assert seen["rows"] == ["audio 6", "audio 7", "audio 8"]
    assert seen["columns"] == ["a dog", "a cat", "a bell"]


def test_what_cannot_be_drawn_is_named(tmp_path: Path) -> None:
    data = learned()
    with pytest.raises(GraphError, match="split: 'audio' has no nodes of 'val'"):
        draw_coupled(data, tmp_path, split="val")
    del data["audio", "coupled", "text"].mass
    with pytest.raises(GraphError, match="expected a graph with audio-coupled-text edges that have 'mass'"):
        draw_coupled(data, tmp_path)
    x, y, label = clusters(3, 4)
    with pytest.raises(GraphError, match="y_name: expected 3, one per row, got 1"):
        draw_shared_space(x, y, label, torch.arange(3), tmp_path / "x.png", y_name=["a"])
    with pytest.raises(GraphError, match=r"expected \[n, d\] and \[m, d\], got \[12, 8\] and \[3, 7\]"):
        to_plane(x, y[:, :7])
    with pytest.raises(GraphError, match="expected finite numbers"):
        to_plane(x / 0, y)
    assert list(tmp_path.iterdir()) == []
