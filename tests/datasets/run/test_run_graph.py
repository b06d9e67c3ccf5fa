"""A finished run's graph, and several joined, as the data of the next."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import RunGraph
from avgraph.errors import ConfigError, DataError, GraphError
from avgraph.graph.provenance import Provenance
from avgraph.io.graph_file import save_graph


def finished(folder: Path, graph: HeteroData) -> Path:
    """What of a run's folder the next one reads."""
    folder.mkdir(parents=True)
    save_graph(graph, folder / "graph.pt")
    (folder / "metrics.json").write_text("{}")
    return folder


def run_graph(node: str, width: int, *, source: str = "real", files: Mapping[str, str] | None = None) -> HeteroData:
    data = HeteroData()
    data[node].x, data[node].embedding = torch.zeros(4, 7), torch.full((4, width), 2.0)
    data[node].y, data[node].name = torch.arange(4), [f"{node} {row}" for row in range(4)]
    data["text"].embedding, data["text"].name = torch.full((3, width), float(width)), ["a", "b", "c"]
    data[node, "coupled", "text"].edge_index = torch.tensor([[0, 3], [1, 2]])
    data[node, "coupled", "text"].mass = torch.tensor([0.5, 0.25])
    data["text", "near", "text"].edge_index = torch.tensor([[0], [1]])
    Provenance(f"set of {node}", source, note=node, classes={node: ["k"]}, files=files or {}).write_to(data)
    return data


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return finished(tmp_path / "sound" / "20260101-000000-aaaaaaa", run_graph("audio", 2, files={"a.npy": "00"}))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return finished(tmp_path / "picture" / "20260101-000000-bbbbbbb", run_graph("image", 5, source="composed"))


def load(run: Any, **options: Any) -> HeteroData:
    return RunGraph(run=run, **options).load()


def test_everything_of_one_run(sound: Path) -> None:
    whole = load(sound)
    assert whole.to_dict().keys() == run_graph("audio", 2).to_dict().keys()
    assert whole["audio", "coupled", "text"].mass.tolist() == [0.5, 0.25]
    assert Provenance.of(whole) == Provenance.of(run_graph("audio", 2, files={"a.npy": "00"}))


def test_an_embedding_becomes_x_and_other_node_types_are_left_out(sound: Path) -> None:
    data = load(sound, nodes={"audio": {"x": "embedding"}})
    assert data.node_types == ["audio"]
    assert data.edge_types == []
    assert sorted(data["audio"].keys()) == ["name", "x", "y"]
    assert data["audio"].x.shape == (4, 2)
    both = load(sound, nodes={"audio": {"x": "embedding", "embedding": "embedding", "x_a": "embedding"}})
    assert both["audio"].embedding.shape == both["audio"].x_a.shape == both["audio"].x.shape


def test_two_runs_are_joined_at_the_nodes_that_both_have(sound: Path, picture: Path) -> None:
    data = load(
        {"sound": sound, "picture": picture},
        nodes={"text": {"x_sound": "embedding", "x_picture": "picture.embedding"}, "audio": {}, "image": {}},
        relations=["coupled"],
    )
    assert (data["text"].x_sound.shape, data["text"].x_picture.shape) == ((3, 2), (3, 5))
    assert sorted(data["text"].keys()) == ["name", "x_picture", "x_sound"]
    assert data.edge_types == [("audio", "coupled", "text"), ("image", "coupled", "text")]
    told = Provenance.of(data)
    assert (told.dataset, told.source, told.note) == ("set of audio + set of image", "composed", "audio; image")
    assert told.classes == {"audio": ["k"], "image": ["k"]}
    assert told.files == {"a.npy": "00"}


def test_edges_of_nodes_that_the_runs_do_not_share_are_not_taken(sound: Path, picture: Path) -> None:
    data = load({"sound": sound, "picture": picture}, relations=["coupled"])
    assert data.edge_types == [("audio", "coupled", "text")]  # texts are those of the first run


def test_the_newest_finished_run_of_a_folder(sound: Path) -> None:
    runs = sound.parent
    finished(runs / "20260101-000001-aaaaaaa", run_graph("audio", 3))
    finished(runs / "20260101-000001-aaaaaaa-10", run_graph("audio", 6))
    finished(runs / "20260101-000001-aaaaaaa-2", run_graph("audio", 5))
    (runs / "20260301-000000-aaaaaaa").mkdir()
    (runs / "20260301-000000-aaaaaaa" / "config.yaml").write_text("")
    assert load(runs)["audio"].embedding.shape == (4, 6)
    with pytest.raises(DataError, match=r"has not finished \(avgraph resume continues it\)"):
        load(runs / "20260301-000000-aaaaaaa")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"nodes": {"adio": {}}}, "no node type 'adio'; did you mean 'audio'?"),
        ({"nodes": {"audio": {"x": "embeding"}}}, r"dataset\.nodes\.audio\.x: node type 'audio' has no 'embeding'"),
        ({"relations": ["nera"]}, "dataset.relations: no edges 'nera' between nodes that are taken; the run has coupl"),
        ({"nodes": {"audio": {}}, "relations": ["near"]}, "no edges 'near' between nodes that are taken"),
    ],
)
def test_what_a_run_lacks(sound: Path, options: dict[str, Any], told: str) -> None:
    with pytest.raises(GraphError, match=told):
        load(sound, **options)


def test_runs_of_other_nodes_are_not_joined(sound: Path, picture: Path, tmp_path: Path) -> None:
    joined = {"nodes": {"text": {"x_other": "other.embedding"}}}
    graph = run_graph("image", 5)
    graph["text"].name = ["a", "c", "b"]
    other = finished(tmp_path / "other", graph)
    with pytest.raises(
        GraphError, match="'text' nodes must be the same in both runs; row 1 is 'b' in run 'sound', 'c'"
    ):
        load({"sound": sound, "other": other}, **joined)
    graph["text"].embedding, graph["text"].name = torch.zeros(2, 5), ["a", "b"]
    fewer = finished(tmp_path / "fewer", graph)
    with pytest.raises(GraphError, match="must be the same in both runs; run 'sound': 3, run 'other': 2"):
        load({"sound": sound, "other": fewer}, **joined)
    with pytest.raises(
        GraphError, match=r"runs 'sound' and 'picture' both have edges \(text, near, text\); name the relations"
    ):
        load({"sound": sound, "picture": picture}, nodes={"text": {"x_p": "picture.embedding"}})


def test_bad_options() -> None:
    with pytest.raises(ConfigError, match=r"nodes\.a\.x: no run 'soud' under run; did you mean 'sound'\?"):
        RunGraph(run={"sound": "/a"}, nodes={"a": {"x": "soud.embedding"}})
    with pytest.raises(ConfigError, match=r"nodes\.a\.x: expected ATTRIBUTE or RUN\.ATTRIBUTE"):
        RunGraph(run={"sound": "/a"}, nodes={"a": {"x": "sound."}})


def test_a_file_is_no_run_yet(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("")
    with pytest.raises(DataError, match=r"x\.yaml: is a file; expected that of a run"):
        load(tmp_path / "x.yaml")
    with pytest.raises(DataError, match="neither a finished run nor a folder that holds one"):
        load(tmp_path)
