"""Edges of edges: pairs by y, paths as matrix products, noise that is marked, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import ConfigError, GraphError
from avgraph.transforms import Complete, ComposeEdges, CorruptEdges, MemoryEdges, PairEdges
from avgraph.transforms.corrupt_edges import corrupted_targets
from avgraph.transforms.pair_edges import matching_pairs
from avgraph.transforms.relation_options import ComposeEdgesOptions

HEARD, SEEN, DESCRIBED = ("audio", "heard", "text"), ("text", "seen", "image"), ("audio", "described", "text")


def weighted(data: HeteroData, kind: tuple[str, str, str], seed: int, density: float = 0.4) -> Tensor:
    """Random edges with weights of either sign, in any order; their matrix."""
    draw = torch.Generator().manual_seed(seed)
    shape = (data[kind[0]].num_nodes, data[kind[2]].num_nodes)
    matrix = torch.randn(shape, generator=draw) * (torch.rand(shape, generator=draw) < density)
    index = matrix.nonzero()
    index = index[torch.randperm(len(index), generator=draw)].T.contiguous()
    data[kind].edge_index, data[kind].edge_weight = index, matrix[index[0], index[1]]
    return matrix.double()


def three(audio: int = 9, text: int = 7, image: int = 8) -> tuple[HeteroData, Tensor, Tensor]:
    data = HeteroData()
    for node, count in (("audio", audio), ("text", text), ("image", image)):
        data[node].num_nodes = count
    return data, weighted(data, HEARD, 0), weighted(data, SEEN, 1)


def dense(data: HeteroData, kind: tuple[str, str, str]) -> Tensor:
    edges = data[kind]
    found = torch.zeros(data[kind[0]].num_nodes, data[kind[2]].num_nodes, dtype=torch.float64)
    found[edges.edge_index[0], edges.edge_index[1]] = edges.edge_weight.double()
    return found


def test_a_path_is_a_product_of_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avgraph.transforms.compose_edges._ROWS", 4)  # three blocks
    data, heard, seen = three()
    product = heard @ seen
    found = ComposeEdges([HEARD, SEEN], k=8)(data)
    torch.testing.assert_close(dense(found, ("audio", "composed", "image")), product, atol=1e-6, rtol=1e-6)
    back = ComposeEdges([("image", "rev_seen", "text"), ("text", "rev_heard", "audio")], k=9, relation="r")(data)
    torch.testing.assert_close(dense(back, ("image", "r", "audio")), product.T, atol=1e-6, rtol=1e-6)
    loop = [HEARD, SEEN, ("image", "rev_seen", "text"), ("text", "rev_heard", "audio")]
    square = product @ product.T
    with_loops = ComposeEdges(loop, k=9, loops=True)(data)
    torch.testing.assert_close(dense(with_loops, ("audio", "composed", "audio")), square, atol=1e-5, rtol=1e-5)
    without = dense(ComposeEdges(loop, k=9)(data), ("audio", "composed", "audio"))
    torch.testing.assert_close(without, square - square.diag().diag(), atol=1e-5, rtol=1e-5)


def test_the_strongest_of_each_source_are_kept_in_order() -> None:
    data, heard, seen = three()
    edges = ComposeEdges([HEARD, SEEN], k=3)(data)["audio", "composed", "image"]
    expected = []
    for row, weights in enumerate((heard @ seen).tolist()):
        ways = sorted((-weight, column) for column, weight in enumerate(weights) if weight)[:3]
        expected += [(row, column) for _, column in ways]
    assert [tuple(pair) for pair in edges.edge_index.T.tolist()] == expected


def test_the_order_of_edges_is_nothing_and_repeated_ones_are_ways_of_their_own() -> None:
    data, _, _ = three()
    one = ComposeEdges([HEARD, SEEN], k=4)(data)["audio", "composed", "image"]
    order = torch.randperm(data[HEARD].edge_index.shape[1])
    data[HEARD].edge_index = data[HEARD].edge_index[:, order].repeat(1, 2)
    data[HEARD].edge_weight = data[HEARD].edge_weight[order].repeat(2)
    other = ComposeEdges([HEARD, SEEN], k=4)(data)["audio", "composed", "image"]
    assert torch.equal(one.edge_index, other.edge_index)
    torch.testing.assert_close(other.edge_weight, 2 * one.edge_weight)


def test_the_caption_bridge_is_a_path() -> None:
    draw = torch.Generator().manual_seed(0)
    sounds, pictures, heard, seen = (torch.randn(n, 6, generator=draw) for n in (5, 4, 9, 9))
    data = HeteroData(audio={"x": sounds}, image={"x": pictures}, text={"x_sound": heard, "x_picture": seen})
    for node, space in (("audio", "x_sound"), ("image", "x_picture")):
        data = MemoryEdges("text", node, k=9, temperature=0.05, memory_state=space)(data)
    bridge = ComposeEdges([("audio", "rev_recalled", "text"), ("text", "recalled", "image")], k=4)(data)
    unit = [F.normalize(x.double()) for x in (sounds, heard, pictures, seen)]
    sides = [(x @ text.T / 0.05).softmax(1) for x, text in ((unit[0], unit[1]), (unit[2], unit[3]))]
    found = torch.zeros(5, 4, dtype=torch.float64)
    edges = bridge["audio", "composed", "image"]
    found[edges.edge_index[0], edges.edge_index[1]] = edges.edge_weight.double()
    torch.testing.assert_close(found, sides[0] @ sides[1].T, atol=1e-6, rtol=1e-4)


def test_weights_are_chosen_or_found() -> None:
    data, heard, seen = three()
    data[HEARD].mass = torch.ones_like(data[HEARD].edge_weight)
    with pytest.raises(GraphError, match=r"\(audio, heard, text\) edges have edge_weight and mass; say which of them"):
        ComposeEdges([HEARD, SEEN], k=8)(data)
    found = ComposeEdges([HEARD, SEEN], k=8, weights=["mass", "edge_weight"])(data)
    expected = (heard != 0).double() @ seen
    torch.testing.assert_close(dense(found, ("audio", "composed", "image")), expected, atol=1e-6, rtol=1e-6)
    with pytest.raises(GraphError, match=r"\(text, seen, image\) edges have no 'mass'; they have edge_index, edge_wei"):
        ComposeEdges([HEARD, SEEN], k=8, weights=["mass", "mass"])(data)
    data[SEEN].edge_weight[2] = torch.nan
    with pytest.raises(GraphError, match=r"\(text, seen, image\)\.edge_weight: edge 2 is nan"):
        ComposeEdges([HEARD, SEEN], k=8, weights=["mass", "edge_weight"])(data)


def test_paths_that_lead_nowhere() -> None:
    data, _, _ = three()
    with pytest.raises(GraphError, match=r"path\.1\.0: expected 'text', where path\.0 ends, got 'image'"):
        ComposeEdges([HEARD, ("image", "seen", "text")], k=1)
    with pytest.raises(GraphError, match=r"no \(audio, herd, text\) edges; did you mean '\(audio, heard, text\)'\?"):
        ComposeEdges([("audio", "herd", "text"), SEEN], k=1)(data)
    with pytest.raises(ConfigError, match="weights: expected one for each of the 2 relations of the path, got 1"):
        ComposeEdgesOptions(path=[list(HEARD), list(SEEN)], k=1, weights=["mass"])
    with pytest.raises(ConfigError, match="loops: the path leads from 'audio' to 'image': there are no loops"):
        ComposeEdgesOptions(path=[list(HEARD), list(SEEN)], k=1, loops=True)
    data[HEARD].edge_index, data[HEARD].edge_weight = torch.empty(2, 0, dtype=torch.int64), torch.empty(0)
    assert ComposeEdges([HEARD, SEEN], k=1)(data)["audio", "composed", "image"].edge_index.shape == (2, 0)


def test_pairs_are_those_of_one_y() -> None:
    label, other = torch.tensor([2, 0, 1, 0, 7]), torch.tensor([0, 2, 0, 2, 2])
    expected = [(i, j) for i in range(5) for j in range(5) if label[i] == other[j]]
    assert [tuple(pair) for pair in matching_pairs(label, other).T.tolist()] == expected
    data = HeteroData(audio={"y": label, "test_mask": label > 1}, text={"y": other})
    edges = PairEdges("audio", "text")(data)[DESCRIBED]
    assert edges.y.all()
    assert torch.equal(edges.test_mask, label[edges.edge_index[0]] > 1)
    with pytest.raises(GraphError, match="node type 'text' has no 'y'"):
        PairEdges("audio", "text")(HeteroData(audio={"y": label}, text={"x": torch.eye(2)}))


def described(n: int = 200) -> HeteroData:
    """n sounds with a text each; a quarter of the sounds is to test on."""
    mask = torch.arange(n) % 4 > 0
    data = HeteroData(audio={"y": torch.arange(n), "train_mask": mask}, text={"y": torch.arange(n)})
    data = PairEdges("audio", "text")(data)
    data[DESCRIBED].said = [f"pair {row}" for row in range(n)]
    return data


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 1.0])
def test_a_share_is_made_wrong_and_marked(share: float) -> None:
    data, count = described(), round(share * 150)
    before = data[DESCRIBED].edge_index
    train = data["audio"].train_mask
    for kind in ("shuffled", "replaced"):
        edges = CorruptEdges(DESCRIBED, share, kind)(data)[DESCRIBED]  # type: ignore[arg-type]
        changed = edges.edge_index[1] != before[1]
        assert torch.equal(edges.corrupted, changed)
        assert torch.equal(edges.y == 0, changed)
        assert not changed[~train].any()
        assert torch.isin(edges.edge_index[1], torch.cat([before[1][train], before[1][~changed]])).all()
        assert count - 10 <= int(changed.sum()) <= count if kind == "shuffled" else int(changed.sum()) == count
        if kind == "shuffled":
            assert torch.equal(edges.edge_index[1].sort().values, before[1])
    removed = CorruptEdges(DESCRIBED, share, "removed")(data)[DESCRIBED]
    gone = removed.removed_edge_index[0]
    assert len(gone) == count
    assert train[gone].all()
    assert removed.said == [f"pair {row}" for row in range(200) if row not in gone.tolist()]
    assert len(removed.y) == len(removed.train_mask) == removed.edge_index.shape[1] == 200 - count
    assert torch.equal(data[DESCRIBED].edge_index, before)
    assert "corrupted" not in data[DESCRIBED]


def test_without_a_label_nothing_belongs_together() -> None:
    data = HeteroData(audio={"y": torch.tensor([-1, 0, -1])}, text={"y": torch.tensor([-1, 0], dtype=torch.int32)})
    edges = PairEdges("audio", "text")(data)[DESCRIBED]
    assert edges.edge_index.tolist() == [[1], [1]]
    assert edges.y.tolist() == [1.0]
    whole = Complete("audio", "text")(data)["audio", "candidate", "text"]
    assert whole.y.tolist() == [0, 0, 0, 1, 0, 0]


def test_noise_is_marked_by_what_was_true() -> None:
    data = described()
    for seed in range(6):
        data = CorruptEdges(DESCRIBED, 0.6, "shuffled", seed=seed)(data)
    edges = data[DESCRIBED]
    assert torch.equal(edges.true_target, torch.arange(200))
    assert torch.equal(edges.corrupted, edges.edge_index[1] != edges.edge_index[0])
    small = HeteroData(audio={"y": torch.arange(2)}, text={"y": torch.arange(2)})
    small = PairEdges("audio", "text")(small)
    for _ in range(2):  # each deals the two anew: there, and back
        small = CorruptEdges(DESCRIBED, 1.0, "replaced", seed=3)(small)
    assert not small[DESCRIBED].corrupted.any()


def test_edges_that_came_as_corrupted_stay_marked() -> None:
    data = described()
    data[DESCRIBED].corrupted = torch.arange(200) % 10 == 1
    before = data[DESCRIBED].corrupted
    for seed in (0, 1):
        data = CorruptEdges(DESCRIBED, 0.2, "replaced", seed=seed)(data)
        assert data[DESCRIBED].corrupted[before].all()
    assert torch.equal(data[DESCRIBED].true_target == -1, before)


def test_a_path_from_no_node() -> None:
    data = HeteroData(a={"num_nodes": 0}, b={"num_nodes": 2}, c={"num_nodes": 2})
    data["a", "to", "b"].edge_index = torch.empty(2, 0, dtype=torch.int64)
    data["b", "to", "c"].edge_index = torch.tensor([[0], [1]])
    found = ComposeEdges([("a", "to", "b"), ("b", "to", "c")], k=1)(data)
    assert found["a", "composed", "c"].edge_index.shape == (2, 0)


def test_steps_of_noise_add_up() -> None:
    data = CorruptEdges(DESCRIBED, 0.2, "replaced")(described())
    first = data[DESCRIBED].corrupted
    data = CorruptEdges(DESCRIBED, 0.2, "replaced", seed=1)(data)
    assert data[DESCRIBED].corrupted[first].all()
    assert int(data[DESCRIBED].corrupted.sum()) > int(first.sum())
    data = CorruptEdges(DESCRIBED, 0.1, "removed", seed=2)(CorruptEdges(DESCRIBED, 0.2, "removed", seed=3)(data))
    edges = data[DESCRIBED]
    assert edges.removed_edge_index.shape == (2, 30 + 12)
    assert len(edges.corrupted) == edges.edge_index.shape[1] == 200 - 42


def test_noise_is_of_its_seed_and_of_the_edges_own_mask() -> None:
    target = torch.arange(200)
    for kind in ("shuffled", "replaced"):
        one, again, other = (corrupted_targets(target, kind, 0.5, seed) for seed in (1, 1, 2))  # type: ignore[arg-type]
        assert torch.equal(one, again)
        assert not torch.equal(one, other)
    data = described()
    data[DESCRIBED].train_mask = torch.arange(200) < 20
    assert CorruptEdges(DESCRIBED, 1.0, "replaced")(data)[DESCRIBED].corrupted.nonzero()[:, 0].tolist() == [*range(20)]
    del data[DESCRIBED].train_mask, data["audio"].train_mask
    assert CorruptEdges(DESCRIBED, 1.0, "replaced")(data)[DESCRIBED].corrupted.all()


def test_outliers_are_targets_that_nothing_belongs_to() -> None:
    data = described()
    data["text"].y = torch.cat([data["text"].y, torch.arange(200, 230)])
    edges = CorruptEdges(DESCRIBED, 0.4, "outlier")(data)[DESCRIBED]
    target = edges.edge_index[1]
    assert int(edges.corrupted.sum()) == 60
    assert torch.equal(edges.corrupted, target >= 200)
    assert torch.equal(target[~edges.corrupted], data[DESCRIBED].edge_index[1][~edges.corrupted])
    assert data["audio"].train_mask[edges.edge_index[0][edges.corrupted]].all()
    assert len(target[edges.corrupted].unique()) > 15
    assert not CorruptEdges(DESCRIBED, 0.0, "outlier")(described())[DESCRIBED].corrupted.any()
    with pytest.raises(GraphError, match="every target has an edge: there is no outlier to replace one by"):
        CorruptEdges(DESCRIBED, 0.4, "outlier")(described())


def test_noise_that_cannot_be_made_is_refused() -> None:
    data = described()
    with pytest.raises(GraphError, match=r"no \(audio, described, image\) edges|no node type 'image'"):
        CorruptEdges(("audio", "described", "image"), 0.1, "removed")(data)
    with pytest.raises(GraphError, match=r"no \(audio, describes, text\) edges; did you mean '\(audio, described, tex"):
        CorruptEdges(("audio", "describes", "text"), 0.1, "removed")(data)
    with pytest.raises(GraphError, match=r"share: expected a number of at most 1, got 1\.5"):
        CorruptEdges(DESCRIBED, 1.5, "removed")
    wrong: Any = "described"
    with pytest.raises(GraphError, match=r"relation: expected \[source, relation, target\], got 'described'"):
        CorruptEdges(wrong, 0.5, "removed")
    data[DESCRIBED].train_mask = torch.arange(3)
    with pytest.raises(GraphError, match=r"train_mask: expected torch\.bool \[200\], got torch\.int64 \[3\]"):
        CorruptEdges(DESCRIBED, 0.5, "removed")(data)
    data[DESCRIBED].train_mask = torch.arange(200) == 5
    with pytest.raises(GraphError, match=r"\(audio, described, text\): there is no other target in the training edges"):
        CorruptEdges(DESCRIBED, 1.0, "replaced")(data)
