"""Tables of RR-Net's benchmarks: what is taken away from a graph, who is cold, and that nothing is measured twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from avgraph.config import load_experiment
from avgraph.encoders import EncodeContext, perceptron
from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import CANDIDATES, RATES, TRUSTS
from avgraph.methods.rrnet.rating_heads import Answer
from avgraph.runs.pipeline import build_graph, build_task
from avgraph.transforms import CoRated
from avgraph.transforms.rating_statistics import COLUMNS
from benchmarks.kept import Kept
from benchmarks.rrnet_images import __main__ as pictures
from benchmarks.rrnet_ratings import relations
from benchmarks.rrnet_ratings.baselines import regression_machine
from benchmarks.rrnet_ratings.graphs import Split, rewired, with_links
from benchmarks.rrnet_ratings.measured import linked_users, measured
from tests.benchmark_data import write_data
from tests.rating_graphs import complete, ratings

OWN = str(Path(__file__).parents[1] / "configs/rrnet/filmtrust.yaml")
SMALL = ["dataset.on_missing=[synthetic]", "train.epochs=1",
         "graph=[{type: unrated, k: 4}, {type: rating_statistics, folds: 2, neighbours: 5}]"]  # fmt: skip


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path))
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path / "cache" / name)


def test_no_rating_depends_on_the_candidates_that_are_left_out() -> None:
    experiment = load_experiment(OWN, SMALL)
    whole = build_graph(experiment, build_task(experiment), EncodeContext())
    found = Split(experiment, Kept(None)).graph()
    assert CANDIDATES in whole.edge_types
    assert CANDIDATES not in found.edge_types
    assert torch.equal(found[RATES].edge_attr, whole[RATES].edge_attr)


def test_links_are_taken_away_or_drawn_again() -> None:
    data = ratings()
    assert TRUSTS not in with_links(data, "none").edge_types
    links, other = data[TRUSTS].edge_index, with_links(data, "random")[TRUSTS].edge_index
    for end in (0, 1):
        assert torch.equal(torch.bincount(links[end], minlength=120), torch.bincount(other[end], minlength=120))
    kept = {tuple(pair) for pair in links.T.tolist()} & {tuple(pair) for pair in other.T.tolist()}
    assert len(kept) < links.shape[1] / 4
    assert not (other[0] == other[1]).any()
    assert other.unique(dim=1).shape == other.shape
    near = CoRated(k=5)(data)["item", "near", "item"].edge_index
    assert rewired(near, 0).unique(dim=1).shape == near.shape


def test_other_links_change_the_statistics_of_links_alone() -> None:
    split = Split(load_experiment(OWN, SMALL), Kept(None))
    whole, none = (split.graph(links)[RATES].edge_attr for links in ("as they are", "none"))
    of_links = torch.tensor([name.startswith("linked") for name in COLUMNS])
    assert torch.equal(whole[:, ~of_links], none[:, ~of_links])
    assert whole[:, of_links].any()
    assert not none[:, of_links].any()


def test_without_like_nodes_pairs_are_told_of_biases_and_links() -> None:
    data = complete()
    found = relations._as_asked(data, relations.Row(relations.RRNET, like=False))
    names = [name for name in COLUMNS if "like" not in name and "co_rat" not in name]
    assert torch.equal(found[RATES].edge_attr, data[RATES].edge_attr[:, [COLUMNS.index(name) for name in names]])
    assert names[-2:] == ["linked_users", "linked_users_weight"]
    assert data[RATES].edge_attr.shape[1] == len(COLUMNS)


def test_cold_ones_are_measured_apart() -> None:
    data = ratings()
    edges, known = data[RATES], known_ratings(data)
    rows = (known.edge_index[0] == 3).nonzero()[:, 0]
    edges.train_mask[known.edge[rows[5:]]] = False  # five are left
    edges.test_mask[known.edge[rows[5:]]] = True
    mean = torch.full((len(edges.rating),), 3.0)
    linked = linked_users(data)
    linked[3] = True
    found = measured(data, Answer(mean, mean), "test", linked)
    of_user = edges.test_mask & (edges.edge_index[0] == 3)
    assert found["cold users"]["ratings"] == int(of_user.sum())
    assert found["cold users"]["mae"] == pytest.approx(float((edges.rating - 3)[of_user].abs().mean()))
    assert found["cold users with links"] == found["cold users"]
    linked[3] = False
    assert "cold users with links" not in measured(data, Answer(mean, mean), "test", linked)
    assert found["all"]["ratings"] == int(edges.test_mask.sum())


@pytest.mark.slow
def test_a_table_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["--experiment", OWN, "--seeds", "0", "1", "--keep", str(tmp_path / "kept"), "--set", *SMALL]
    names = ["RR-Net, whole graph", "boosting, whole graph"]
    relations.main([*call, "--only", *names])
    first = capsys.readouterr().out
    monkeypatch.setattr(Split, "graph", lambda *_: pytest.fail("built again"))
    relations.main([*call, "--only", *names])
    again = capsys.readouterr().out
    assert [line for line in first.splitlines() if line.startswith("|")] == [
        line for line in again.splitlines() if line.startswith("|")
    ]
    with pytest.raises(pytest.fail.Exception, match="built again"):
        relations.main([*call, "train.epochs=2", "--only", *names])


@pytest.mark.slow
def test_a_kept_graph_serves_another_training_and_no_other_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path / "kept")
    first = Split(load_experiment(OWN, SMALL), kept).graph()
    monkeypatch.setattr(Split, "_build", lambda *_: pytest.fail("built again"))
    again = Split(load_experiment(OWN, [*SMALL, "train.epochs=2", "method.hidden_channels=3"]), kept).graph()
    assert torch.equal(first[RATES].edge_attr, again[RATES].edge_attr)
    for other in ("dataset.seed=1", "graph.1.neighbours=6", "seed=1"):
        with pytest.raises(pytest.fail.Exception, match="built again"):
            Split(load_experiment(OWN, [*SMALL, other]), kept).graph()


@pytest.mark.slow
def test_rows_that_the_experiment_has_nothing_for_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    graph = "graph=[{type: rating_statistics, folds: 2, neighbours: 5}]"
    names = ["boosting, whole graph", "myFM, whole graph"]
    relations.main(["--experiment", OWN, "--seeds", "0", "--set", *SMALL[:2], graph, "--only", *names])
    out = capsys.readouterr().out
    assert "myFM, whole graph: left out, the graph has no step rating_model" in out
    assert "| myFM" not in out


def test_the_regression_machine_is_better_than_the_mean() -> None:
    pytest.importorskip("myfm")
    data = ratings()
    edges = data[RATES]
    found = regression_machine(data, seed=0).mean
    test, mean = edges.test_mask, edges.rating[edges.train_mask].mean()
    assert (found - edges.rating)[test].square().mean() < (mean - edges.rating)[test].square().mean()


def test_scores_are_computed_once_for_the_whole_grid(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(write_data(tmp_path_factory.mktemp("data"))))
    calls, scores = [], perceptron._scores
    monkeypatch.setattr(perceptron, "_scores", lambda *given: calls.append(1) or scores(*given))
    few = ["dataset.keep=1", "train.epochs=1", "encoders.image.0.epochs=1"]
    few = [word for change in few for word in ("--set", change)]
    pictures.main(["grid", "--seeds", "0", "--candidates", "3", "5", "--near", "0", "5", *few])
    assert capsys.readouterr().out.count("| K = ") == 4
    assert len(calls) == 1
