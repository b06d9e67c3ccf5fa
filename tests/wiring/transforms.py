"""What every option of every transform does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph import config
from avgraph.graph.ratings import CANDIDATES, RATES
from tests.rating_graphs import ratings
from tests.wiring.machine import MachineWorld
from tests.wiring.row import FALLS, RISES, Component, Row, becomes, gains, row, tells
from tests.wiring.see import KINDS, attribute, count, edges, error, seen, size
from tests.wiring.toys import Sounds, rows
from tests.wiring.worlds import TransformWorld

NEAR, CANDIDATE, COUPLED = ("audio", "near", "audio"), ("audio", "candidate", "label"), ("audio", "coupled", "label")
RECALLED, DRIVES = ("audio", "recalled", "text"), ("label", "drives", "label")
CONCEPTS, ACTIVE = ("concept", "drives", "concept"), ("audio", "activates", "concept")
LISTED, COMPOSED = ["audio", "listed", "label"], ("audio", "composed", "audio")
PAIR = {"source": "audio", "target": "label"}


def graph() -> HeteroData:
    """Nodes of the toy sounds in one width, without the edges, with folds, and texts with two states."""
    data = HeteroData()
    toy = Sounds().load()
    for number, node in enumerate(("audio", "user", "label", "item")):
        store = data[node]
        for name, value in toy[node].items():
            store[name] = value
        store.x = rows(len(store.x), 5, number) * torch.arange(1, len(store.x) + 1)[:, None]
    data["audio"].fold = torch.arange(24) % 3
    data["audio"].state = rows(24, 5, 13)
    data["audio"].soft = rows(24, 4, 12).softmax(1)
    data["text"].x, data["text"].state = rows(6, 5, 10), rows(6, 5, 11)
    data["audio", "listed", "label"].edge_index = torch.tensor([list(range(24)), [r % 4 for r in range(24)]])
    data["audio", "listed", "label"].stars = torch.full((24,), 2.0)
    data["audio", "rated", "label"].edge_index = data["audio", "listed", "label"].edge_index
    data["audio", "rated", "label"].edge_weight = torch.full((24,), 3.0)
    for node in ("audio", "user"):
        for hop, relation in enumerate(("alike", "other"), 1):
            start = torch.arange(24)
            data[node, relation, node].edge_index = torch.stack([start, (start + hop) % 24])
    return data


def _transform(name: str, options: Any, base: Mapping[str, Any], *made: Row) -> Component:
    return Component(f"transform {name}", options, partial(_world, name), base, made)


def _world(name: str, options: Mapping[str, Any]) -> TransformWorld:
    return TransformWorld(name, options, graph)


def _ratings(name: str, options: Any, base: Mapping[str, Any], *made: Row) -> Component:
    return Component(f"transform {name}", options, lambda given: TransformWorld(name, given, ratings), base, made)


def _called(name: str) -> Any:
    return seen(f"{name} of every fit", lambda world: world.called(name))


class Counted(np.ndarray):
    """A memory that knows how many rows were taken of it at a time."""

    taken: int = 0

    def __getitem__(self, key: Any) -> Any:
        found = np.asarray(self)[key]
        Counted.taken = max(Counted.taken, len(found)) if isinstance(key, slice) else Counted.taken
        return found


def _most_rows_read(world: TransformWorld) -> int:
    data, Counted.taken = graph(), 0
    data["audio"].x = data["audio"].x.numpy().view(Counted)
    TransformWorld(world.name, world.options, lambda: data).data  # noqa: B018
    return Counted.taken


COMPONENTS = (
    _transform(
        "knn", config.KnnOptions, {"node": "audio", "k": 3},
        row("node", "user", KINDS, gains("user-near-user")),
        row("target", "label", KINDS, gains("audio-near-label")),
        row("k", 2, edges(*NEAR), becomes(48)),
        row("relation", "like", KINDS, gains("audio-like-audio")),
        row("within", "fold", seen("folds that edges cross", lambda world: int(
            (world.data["audio"].fold[world.data[NEAR].edge_index].diff(dim=0) != 0).sum())), becomes(0)),
        row("approximate", 1, attribute(NEAR, "edge_index"), k=2),
        row("approximate", 2, seen("the note of the graph", lambda world: str(world.data.get("provenance"))),
            gains("of the exact neighbours are found")),
    ),
    _transform(
        "candidates", config.CandidatesOptions, {**PAIR, "k": 2},
        row("source", "user", KINDS, gains("user-candidate-label")),
        row("target", "item", KINDS, gains("audio-candidate-item")),
        row("k", 3, edges(*CANDIDATE), becomes(72)),
        row("relation", "maybe", KINDS, gains("audio-maybe-label")),
        row("add_true", True, seen("training edges to the true target", lambda world: int(
            world.data[CANDIDATE].y[world.data[CANDIDATE].train_mask].sum())), becomes(16)),
    ),
    _transform(
        "complete", config.CompleteOptions, PAIR,
        row("source", "user", KINDS, gains("user-candidate-label")),
        row("target", "item", KINDS, gains("audio-candidate-item")),
        row("relation", "any", KINDS, gains("audio-any-label")),
    ),
    _transform(
        "coupling_edges", config.CouplingEdgesOptions, PAIR,
        row("source", "user", KINDS, gains("user-coupled-label")),
        row("target", "item", KINDS, gains("audio-coupled-item")),
        row("relation", "moved", KINDS, gains("audio-moved-label")),
        row("solver", "emd", edges(*COUPLED), FALLS),
        row("epsilon", 0.5, edges(*COUPLED), RISES),
        row("mass", 0.5, seen("mass that is moved", lambda world: round(
            float(world.data[COUPLED].mass.sum()), 3)), becomes(0.5), solver="partial", mass=0.9, threshold=0.0),
        row("marginal_penalty", 5.0, attribute(COUPLED, "mass"), solver="unbalanced", marginal_penalty=0.1),
        row("unit_rows", False, attribute(COUPLED, "mass")),
        row("along", "listed", edges(*COUPLED), becomes(24), threshold=0.0),
        row("threshold", 0.9, edges(*COUPLED), FALLS),
        row("max_iter", 1, error(), tells("did not converge")),
        row("tol", 1e-13, attribute(COUPLED, "mass"), tol=0.1),
        row("scale", "edges", attribute(COUPLED, "mass"), solver="partial", mass=0.5, along="listed", threshold=0.0),
    ),
    _transform(
        "memory_edges", config.MemoryEdgesOptions, {"source": "audio", "target": "text", "k": 2, "temperature": 0.1},
        row("source", "user", KINDS, gains("user-recalled-text")),
        row("target", "label", KINDS, gains("audio-recalled-label")),
        row("relation", "known", KINDS, gains("audio-known-text")),
        row("k", 3, edges(*RECALLED), becomes(18)),
        row("temperature", 1.0, attribute(RECALLED, "attention")),
        row("state", "state", attribute(RECALLED, "edge_index")),
        row("memory_state", "state", attribute(RECALLED, "edge_index")),
        row("chunk_size", 5, seen("rows of the memory that are read at a time", _most_rows_read), becomes(5)),
    ),
    _transform(
        "dependency_edges", config.DependencyEdgesOptions, {"weights": "weights.npy", "node": "label"},
        row("weights", "weights2.npy", attribute(DRIVES, "edge_index"), becomes(torch.tensor([[1], [2]]))),
        row("node", "item", KINDS, gains("item-drives-item")),
        row("relation", "causes", KINDS, gains("label-causes-label")),
    ),
    _transform(
        "infer_dependencies", config.InferDependenciesOptions,
        {"nodes": ["audio", "user"], "to_logits": True, "restarts": 4, "penalty_discount": 0.2}, *(
            row("nodes", ["user"], size("concept"), becomes((4, 4))),
            row("attribute", "soft", attribute(CONCEPTS, "edge_weight"), nodes=["audio"]),
            row("concept", "class", KINDS, gains("class-drives-class")),
            row("relation", "causes", KINDS, gains("concept-causes-concept")),
            row("to_logits", False, error(), tells("collinear")),
            row("restarts", 1, seen("shares of the starts", lambda world: sorted(set(
                world.data[CONCEPTS].frequency.tolist()))), becomes([0.0, 1.0])),
            row("penalty_discount", 5.0, edges(*CONCEPTS), FALLS),
            row("l1", 0.3, edges(*CONCEPTS), FALLS),
            row("ridge", 0.5, attribute(CONCEPTS, "edge_weight")),
            row("signs", "positive", edges(*CONCEPTS), FALLS),
            row("seed", 1, attribute(CONCEPTS, "frequency")),
            row("time_limit", 1e-9, attribute(CONCEPTS, "frequency")),
        ),
    ),
    _transform(
        "activation_edges", config.ActivationEdgesOptions, {"nodes": ["audio"], "threshold": 0.2},
        row("nodes", ["user"], KINDS, gains("user-activates-concept")),
        row("attribute", "soft", attribute(ACTIVE, "edge_weight")),
        row("concept", "class", KINDS, gains("audio-activates-class")),
        row("relation", "has", KINDS, gains("audio-has-concept")),
        row("threshold", 0.0, edges(*ACTIVE), becomes(96)),
        row("k", 1, edges(*ACTIVE), becomes(24), threshold=0.0),
        row("from_logits", True, attribute(ACTIVE, "edge_weight")),
    ),
    _transform(
        "correct_and_smooth", config.CorrectAndSmoothOptions, {"node": "audio", "relation": "alike"},
        row("node", "user", attribute("user", "score")),
        row("relation", "other", attribute("audio", "score")),
        row("correction", 0.2, attribute("audio", "score")),
        row("smoothing", 0.2, attribute("audio", "score")),
        row("layers", 1, attribute("audio", "score")),
        row("autoscale", True, attribute("audio", "score")),
    ),
    _transform(
        "pair_edges", config.PairEdgesOptions, PAIR,
        row("source", "user", KINDS, gains("user-described-label")),
        row("target", "item", KINDS, gains("audio-described-item")),
        row("relation", "is", KINDS, gains("audio-is-label")),
    ),
    _transform(
        "compose_edges", config.ComposeEdgesOptions, {"path": [LISTED, ["label", "rev_listed", "audio"]], "k": 3},
        row("path", [LISTED, ["label", "rev_rated", "audio"]], attribute(COMPOSED, "edge_weight"),
            becomes(torch.full((72,), 3.0))),
        row("k", 2, edges(*COMPOSED), becomes(48)),
        row("relation", "like", KINDS, gains("audio-like-audio")),
        row("weights", ["stars", "stars"], attribute(COMPOSED, "edge_weight"), becomes(torch.full((72,), 4.0))),
        row("loops", True, edges(*COMPOSED), becomes(144), k=24),
    ),
    _transform(
        "corrupt_edges", config.CorruptEdgesOptions, {"relation": LISTED, "share": 0.5, "kind": "replaced"},
        row("relation", ["audio", "rated", "label"], seen("relations with marked edges", lambda world: [
            kind[1] for kind in world.data.edge_types if "corrupted" in world.data[kind]]), becomes(["rated"])),
        row("share", 0.25, count(tuple(LISTED), "corrupted"), becomes(4)),
        row("kind", "shuffled", count(tuple(LISTED), "corrupted"), FALLS),
        row("kind", "removed", edges(*LISTED), becomes(16)),
        row("kind", "outlier", error(), tells("there is no outlier")),
        row("seed", 1, attribute(tuple(LISTED), "corrupted")),
    ),
    _ratings(
        "co_rated", config.CoRatedOptions, {"k": 3},
        row("node", "user", KINDS, gains("user-near-user")),
        row("k", 2, edges("item", "near", "item"), FALLS),
        row("relation", "like", KINDS, gains("item-like-item")),
    ),
    _ratings(
        "unrated", config.UnratedOptions, {"k": 3},
        row("k", 2, edges(*CANDIDATES), becomes(240)),
        row("neighbours", 2, attribute(CANDIDATES, "edge_index")),
        row("damping", 0.0, attribute(CANDIDATES, "edge_index"), damping=100.0),
    ),
    _ratings(
        "rating_statistics", config.RatingStatisticsOptions, {},
        row("neighbours", 2, attribute(RATES, "edge_attr")),
        row("damping", 0.0, attribute(RATES, "edge_attr")),
        row("folds", 3, attribute(RATES, "edge_attr")),
        row("seed", 1, attribute(RATES, "edge_attr")),
    ),
    Component("transform rating_model", config.RatingModelOptions, MachineWorld, {}, (
        row("rank", 3, _called("rank"), becomes([3] * 6)),
        row("samples", 50, _called("n_iter"), becomes([50] * 6)),
        row("samples", 50, _called("n_kept_samples"), becomes([45] * 6)),
        row("chains", 2, _called("seed"), becomes([0, 1] * 6)),
        row("implicit", False, _called("group_shapes"), becomes([[120, 120, 80]] * 6)),
        row("links", False, _called("group_shapes"), becomes([[120, 80, 80, 120]] * 6)),
        row("folds", 3, seen("number of fits", lambda world: len(world.called("rank"))), becomes(4)),
        row("seed", 1, _called("seed"), becomes([1] * 6)),
        row("seed", 1, attribute(RATES, "level_probability")),
    )),
)  # fmt: skip
