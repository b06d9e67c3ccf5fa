"""What every option of every method does, in the first steps on a toy graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from avgraph import config
from avgraph.methods.lir.dependencies import identity_dependencies
from avgraph.methods.mltm import MltmOptions, Objective
from tests.wiring.row import FALLS, RISES, Component, becomes, gains, loses, row, tells, times
from tests.wiring.see import (
    KINDS,
    LOGGED,
    PARAMETERS,
    attribute,
    edges,
    error,
    logged,
    metric,
    seen,
    shape,
    start,
    update,
    weight,
)
from tests.wiring.toys import rows
from tests.wiring.worlds import CPU, MethodWorld, used

LOSS, METRIC, INTERACTION = logged("train/loss"), logged("train/metric"), logged("train/interaction")
OVERLAP, PSEUDO, INTRA, PATH = (logged(f"train/{name}") for name in ("overlap", "pseudo", "intra", "path"))
TWO = {**CPU, "epochs": 2}


def _rrnet(options: Mapping[str, Any]) -> MethodWorld:
    return MethodWorld("Sounds", {"type": "rrnet", **options})


def _rrnet_ratings(options: Mapping[str, Any]) -> MethodWorld:
    return MethodWorld("Rated", {"type": "rrnet_ratings", **options})


def _lir(options: Mapping[str, Any]) -> MethodWorld:
    epochs = max(TWO["epochs"], options.get("teacher_epochs", 0) + 1)
    return MethodWorld("Clips", {"type": "lir", **used(config.LirOptions, options)}, {**TWO, "epochs": epochs})


def _mltm(options: Mapping[str, Any]) -> MethodWorld:
    epochs = options.get("trust_after", 5) + 1 if options.get("trust") else 1  # trust has to come
    return MethodWorld("Captions", {"type": "mltm", **options}, {**CPU, "epochs": epochs})


def _cmcr(options: Mapping[str, Any]) -> MethodWorld:
    return MethodWorld("Spaces", {"type": "cmcr", **used(config.CmcrOptions, options)})


def given(layer: str) -> Any:
    """What a linear layer saw first in training."""
    return seen(f"input of {layer}", lambda world: (world.task, world.inputs[layer])[1])


def height(layer: str) -> Any:
    """How many rows a linear layer saw first in training."""
    return seen(f"rows given to {layer}", lambda world: (world.task, len(world.inputs[layer]))[1])


def _sums_of_probability(world: MethodWorld) -> list[float]:
    edges = world.data["audio", "candidate", "label"]
    return torch.zeros(24).index_add(0, edges.edge_index[0], edges.probability).round(decimals=4).tolist()


def _recalled(world: MethodWorld) -> torch.Tensor:
    return world.task.steps.links[0][0].ends[0].recalled["sounds"].take(torch.arange(30))  # type: ignore[attr-defined, no-any-return]


def _targets(world: MethodWorld) -> torch.Tensor:
    return world.task.steps.paths[0].target  # type: ignore[attr-defined, no-any-return]


def _copied(world: MethodWorld) -> int:
    """How many recalled rows are rows of the memory."""
    memory = world.task.graph["sounds"].x_a
    return int((_recalled(world)[:, None] == memory).all(2).any(1).sum())


def _noise(world: MethodWorld) -> float:
    world.task  # noqa: B018 - trains it
    return float((world.inputs[HEAD] - world.task.graph["text"].x_a).norm())


def _lengths(world: MethodWorld) -> float:
    world.task  # noqa: B018 - trains it
    return float((world.inputs[HEAD].norm(dim=1) - 1).abs().max())


def _entropy(world: MethodWorld) -> float:
    """What the entropy adds to the loss of some rows."""
    objective: Any = world.bound.objective
    x, y = (torch.nn.functional.normalize(rows(5, 4, seed)) for seed in (0, 1))
    contrast = MltmOptions(loss="info_nce", temperature=objective.options.temperature)
    whole, plain = (loss(x, y, torch.ones(4))[0] for loss in (objective, Objective(contrast)))
    return round(float(whole - plain), 4)  # what rounding leaves of equal ones is no change


def _levels(world: MethodWorld) -> list[float]:
    return world.task.state_dict()["teacher.frequency"].unique().tolist()  # type: ignore[no-any-return]


HEAD = "heads.head_a.net1.0"
CANDIDATE, COUPLED = ("audio", "candidate", "label"), ("audio", "coupled", "text")
BOUND = error(lambda world: world.bound)
FREQUENCY = seen("shares of the starts that found an edge", _levels)
TRAINED_SOUNDS = seen(
    "training sounds with edges",
    lambda world: len(set(world.data[COUPLED].edge_index[0].tolist()) & set(
        world.data["audio"].train_mask.nonzero()[:, 0].tolist())),
)  # fmt: skip
GIVEN = {"dependencies": "given"}

RRNET = Component(
    "method rrnet", config.RrnetOptions, _rrnet,
    {"hidden_channels": 4, "loss": "bce", "dropout": 0.0, "baseline_logit": False, "edge_score": False,
     "standardize": False, "product": False}, (
        row("source", "user", BOUND, tells("no user-candidate-label edges")),
        row("target", "item", BOUND, tells("no audio-candidate-item edges")),
        row("hidden_channels", 5, shape("model.decoder.0.weight"), becomes((5, 5))),
        row("intra_units", 2, PARAMETERS, gains("model.intra_units.1.edge_mlp.0.weight"), inter_units=2),
        row("inter_units", 2, PARAMETERS, gains("model.inter_units.1.kernel.weight")),
        row("aggr", "sum", LOSS),  # of the intra unit: what the last inter unit tells the nodes reaches no edge
        row("aggr", "sum", LOSS, intra_units=0, inter_units=2),  # of the inter unit
        row("incidence", "target", LOSS),
        row("reduction", "sum", LOSS, times(32)),  # 16 training sounds with two candidates each
        row("reduction", "sum", LOSS, RISES, loss="cross_entropy"),
        row("loss", "cross_entropy", LOSS),
        row("loss", "cross_entropy", seen("sums of probability", _sums_of_probability), becomes([1.0] * 24)),
        row("dropout", 0.5, LOSS),
        row("baseline_logit", True, start("model.decoder.2.weight"), becomes(torch.zeros(1, 4))),
        row("baseline_logit", True, seen("whether the first logits are the scores' logarithm", lambda world: bool(
            torch.allclose(world.bound.forward().detach(), world.bound.graph[CANDIDATE].edge_weight.log()))),
            becomes(True)),
        row("product", True, PARAMETERS, gains("model.product.source.weight")),
        row("product", True, LOSS),
        row("batch_size", 5, seen("source nodes of a step", lambda world: len(
            next(iter(world.bound.train_dataloader())))), becomes(5)),
        row("batch_size", 5, LOSS),
        row("fan_out", 1, LOSS, batch_size=24),
        row("node_score", True, shape("model.node_encoder.audio.0.weight"), becomes((4, 10))),
        row("known_labels", True, shape("model.node_encoder.audio.0.weight"), becomes((4, 10)), batch_size=24),
        row("known_labels", True, LOSS, batch_size=5),
        row("edge_score", True, shape("model.edge_encoder.audio__candidate__label.first.weight"), becomes((4, 11))),
        row("edge_score", True, shape("model.edge_encoder.audio__near__audio.first.weight"), becomes((4, 13))),
        row("standardize", True, given("model.node_encoder.audio.0")),
        row("standardize", True, seen("mean of the features that are seen", lambda world: (world.task, round(
            float(world.inputs["model.node_encoder.audio.0"][world.task.graph["audio"].train_mask].mean()), 5)
            + 0.0)[1]), becomes(0.0)),
    ),
)  # fmt: skip

PAIRS, NEAR_ITEMS = ("user", "rates", "item"), ("item", "near", "item")
RECOMMENDATIONS = ("user", "recommended", "item")
GIVES = seen("predictions", lambda world: world.task.answer(PAIRS).mean)
STARTS = seen("first predictions", lambda world: world.bound.answer(PAIRS).mean)

RRNET_RATINGS = Component(
    "method rrnet_ratings", config.RrnetRatingsOptions, _rrnet_ratings,
    {"hidden_channels": 4, "dropout": 0.0, "standardize": False, "intra_units": 1, "direct": False}, (
        row("hidden_channels", 5, shape("network.decoder.0.weight"), becomes((5, 5))),
        row("intra_units", 2, PARAMETERS, gains("network.intra_units.1.edge_mlp.0.weight"), inter_units=2),
        row("inter_units", 2, PARAMETERS, gains("network.inter_units.1.kernel.weight")),
        row("aggr", "sum", LOSS, start="mean"),
        row("aggr", "sum", LOSS, start="mean", intra_units=0, inter_units=2),
        row("incidence", "target", LOSS, start="mean"),
        row("dropout", 0.5, LOSS, start="mean"),
        row("head", "squared", shape("network.decoder.2.weight"), becomes((1, 4))),
        row("start", "mean", STARTS),
        row("start", "model", STARTS),
        row("damping", 50.0, STARTS),
        row("damping", 50.0, metric("test/bias_rmse"), start="mean"),
        row("features", "uniform", shape("network.node_encoder.user.0.weight"), becomes((4, 128))),
        row("features", "embedding", PARAMETERS, gains("features.learned.user")),
        row("feature_channels", 3, shape("features.learned.user"), becomes((120, 3)), features="embedding"),
        row("standardize", True, LOSS, start="mean"),
        row("rating_messages", True, shape("network.pair_encoder.first.weight"), becomes((4, 20)), inter_units=2),
        row("rating_messages", True, LOSS, start="mean", inter_units=2),
        row("hidden_share", 0.5, seen("pairs that a step asks for", lambda world: (
            world.task, len(world.inputs["network.decoder.0"]))[1]), RISES, rating_messages=True, inter_units=2),
        row("product", True, PARAMETERS, gains("network.product.source.weight")),
        row("product", True, LOSS, start="mean", features="uniform"),
        row("direct", True, PARAMETERS, gains("network.direct.0.weight")),
        row("direct", True, LOSS, start="mean"),
        row("recommend", 2, edges(*RECOMMENDATIONS), becomes(240)),
        row("recommend", 0, KINDS, loses("user-recommended-item")),
        row("liked", 5.0, seen("mean probability to be liked", lambda world: float(
            world.data[RECOMMENDATIONS].probability.mean())), FALLS),
    ),
)  # fmt: skip

LIR = Component(
    "method lir", config.LirOptions, _lir,
    {"hidden_channels": 6, "layers": 1, "dropout": 0.0, "batch_size": 90, "teacher_epochs": 0,
     "interaction_weight": 0.5, "restarts": 4, "dependencies": "inferred"}, (
        row("audio", "sound", shape("network.encoder.audio.network.0.weight"), becomes((6, 5))),
        row("visual", "picture", shape("network.encoder.visual.network.0.weight"), becomes((6, 9))),
        row("concept", "word", KINDS, gains("audio-activates-word")),
        row("hidden_channels", 7, shape("network.encoder.audio.network.0.weight"), becomes((7, 6))),
        row("layers", 2, PARAMETERS, gains("network.encoder.audio.network.6.weight")),
        row("dropout", 0.5, METRIC),
        row("batch_size", 30, height("network.proxy.audio.query"), becomes(30)),
        row("standardize", False, given("network.encoder.audio.network.0")),
        row("loss", "hard_triplet", METRIC),
        row("loss", "contrastive", METRIC),
        row("loss", "n_pair", METRIC),
        row("margin", 2.0, METRIC, RISES),
        row("margin", 2.0, METRIC, RISES, loss="hard_triplet"),
        row("margin", 2.0, METRIC, RISES, loss="contrastive"),
        row("triplet_mean", "anchors", METRIC, batch_size=7),
        row("false_negatives", 1.0, METRIC),
        row("proxies", False, PARAMETERS, loses("network.proxy.audio.query.weight")),
        row("mask_own_pair", True, METRIC),
        row("semantic_alignment", False, LOGGED, loses("train/alignment")),
        row("distillation", 1.0, logged("train/alignment")),
        row("teacher_epochs", 1, weight("teacher.epoch"), becomes(torch.tensor(1))),
        row("interaction_weight", 1.0, INTERACTION, times(2)),
        row("threshold", 0.4, INTERACTION),
        row("threshold", 0.7, edges("audio", "activates", "concept"), FALLS),
        row("intra_weight", 0.7, INTERACTION, RISES, **GIVEN),
        row("inter_weight", 0.7, INTERACTION, RISES, **GIVEN),
        row("weighting", "soft", INTERACTION, **GIVEN),
        row("dependencies", "identity", weight("teacher.weights"), becomes(identity_dependencies(4))),
        row("dependencies", "given", edges("concept", "drives", "concept"), becomes(4)),
        row("dependencies", "random", weight("teacher.weights")),
        row("dependencies", "permuted", weight("teacher.weights")),
        row("stability", 1.0, metric("graph/edges"), FALLS, snapshot_epochs=[1, 2], teacher_epochs=3),
        row("restarts", 1, FREQUENCY, becomes([0.0, 1.0])),
        row("penalty_discount", 20.0, metric("graph/edges"), FALLS),
        row("l1", 0.5, weight("teacher.weights")),
        row("ridge", 0.5, weight("teacher.weights")),
        row("signs", "positive", weight("teacher.weights")),
        row("snapshot_epochs", [1], shape("teacher.snapshots"), becomes((1, 8, 8))),
    ),
)  # fmt: skip

MLTM = Component(
    "method mltm", config.MltmOptions, _mltm,
    {"hidden_channels": 6, "shared_channels": 4, "dropout": 0.0, "batch_size": 6, "epsilon": 0.2}, (
        row("audio", "sound", shape("projection.audio.0.weight"), becomes((6, 8))),
        row("text", "caption", shape("projection.text.0.weight"), becomes((6, 6))),
        row("hidden_channels", 7, shape("projection.text.0.weight"), becomes((7, 5))),
        row("hidden_channels", 7, shape("projection.text.3.weight"), becomes((4, 7))),
        row("shared_channels", 5, shape("projection.text.3.weight"), becomes((5, 6))),
        row("shared_channels", 5, shape("ground_metric"), becomes((5, 5))),
        row("dropout", 0.5, LOSS),
        row("metric", "diagonal", shape("ground_metric"), becomes((4,))),
        row("metric", "euclidean", update("ground_metric"), becomes(torch.zeros(4))),
        row("loss", "info_nce", LOSS),
        row("loss", "info_nce_entropy", LOSS, loss="info_nce"),
        row("loss", "triplet", LOSS),
        row("loss", "triplet", LOSS, loss="info_nce"),
        row("epsilon", 0.4, LOSS),
        row("epsilon", 0.4, attribute(COUPLED, "mass"), loss="info_nce"),  # ranks and edges come from a coupling
        row("mass", 0.5, LOSS),
        row("loss", "info_nce_reverse", LOSS, RISES, loss="info_nce"),
        row("trust", "small_loss", LOSS, trust="partial", trust_after=0),
        row("trust", "partial", KINDS, gains("audio-trusted-text")),
        row("trusted", 0.3, LOSS, FALLS, trust="small_loss", trust_after=0),
        row("trusted", 0.3, metric("train/trust"), FALLS, trust="partial", trust_after=0),
        row("trust_after", 1, LOSS, RISES, trust="small_loss", trust_after=0),
        row("reverse_weight", 3.0, LOSS, RISES, loss="info_nce_reverse"),
        row("temperature", 0.3, LOSS, loss="info_nce"),
        row("temperature", 0.3, seen("entropy term", _entropy), loss="info_nce_entropy"),
        row("entropy_weight", 0.5, LOSS, loss="info_nce_entropy"),
        row("margin", 0.6, LOSS, RISES, loss="triplet"),
        row("batch_size", 4, height("projection.audio.0"), becomes(4)),
        row("relation", "told", KINDS, gains("audio-told-text")),
        row("relation", "heard", seen("pairs", lambda world: len(world.bound.pairs.text)), becomes(3)),
        row("noise", 1.0, seen("partners", lambda world: world.bound.pairs.text)),
        row("threshold", 0.9, edges(*COUPLED), FALLS),
        row("train_sounds", 3, TRAINED_SOUNDS, becomes(3), threshold=0.0),
    ),
)  # fmt: skip

CMCR = Component(
    "method cmcr", config.CmcrOptions, _cmcr,
    {"channels": 4, "temperature": 0.5, "pseudo_temperature": 0.5, "recall_temperature": 0.1}, (
        row("hidden_channels", 8, shape(f"{HEAD}.weight"), becomes((8, 6))),
        row("channels", 5, shape("heads.head_a.net2.0.weight"), becomes((5, 256))),
        row("final_relu", True, seen("least entry of a projected row", lambda world: float(
            world.task.project("a", world.task.graph["text"].x_a).min())), becomes(0.0)),
        row("half", True, PARAMETERS, gains("heads.head_a.net.0.weight")),
        row("recall", "argmax", seen("recalled rows that are in the memory", _copied), becomes(30)),
        row("recall", "random", seen("what is recalled", _recalled), recall="argmax"),
        row("recall_temperature", 0.5, seen("what is recalled", _recalled)),
        row("recall_temperature", 0.5, attribute(("sounds", "recalled", "text"), "attention"), edges_per_item=2),
        row("temperature", 1.0, OVERLAP),
        row("pseudo_temperature", 1.0, PSEUDO),
        row("noise_variance", 0.0, seen("noise that a head sees", _noise), FALLS),
        row("noise_variance", 0.0, seen("noise that a head sees", _noise), becomes(0.0), renormalize=False),
        row("noise_norm", 0.0, seen("noise that a head sees", _noise), FALLS),
        row("centred_on", "all", seen("sets of items", lambda world: len(world.task.steps.links[0])), becomes(3)),
        row("path_weight", 2.0, LOGGED, gains("train/path")),
        row("path_weight", 2.0, PATH, times(2), path_weight=1.0),
        row("path_temperature", 0.5, seen("targets of paths", _targets), path_weight=1.0),
        row("path_temperature", 0.5, metric("test/bridge_map_audio_to_image")),
        row("path_rows", 5, seen("targets of paths", lambda world: tuple(_targets(world).shape)), becomes((5, 5)),
            path_weight=1.0),
        row("temperature", 1.0, PATH, path_weight=1.0),
        row("renormalize", False, seen("how far what a head sees is from length 1", _lengths), RISES,
            noise_variance=0.1),
        row("overlap_loss", False, LOGGED, loses("train/overlap")),
        row("pseudo_loss", False, LOGGED, loses("train/pseudo")),
        row("intra_weight", 0.2, INTRA, times(2)),
        row("intra_spaces", ["a"], INTRA, FALLS),
        row("batch_size", 10, height(HEAD), becomes(10)),
        row("edges_per_item", 2, KINDS, gains("sounds-recalled-text")),
        row("edge_items", 7, edges("sounds", "recalled", "text"), becomes(14), edges_per_item=2),
        row("rows", "all", seen("rows of every node type that the learned graph holds", lambda world: {
            node: len(store.embedding) for node in world.data.node_types if "embedding" in (store := world.data[node])
        }), becomes({"text": 30, "sounds": 12, "pictures": 10, "audio": 12, "image": 12})),
        row("heads", {"a": "heads.pt:Head_A"}, shape(f"{HEAD}.weight"), becomes((8, 6))),
    ),
)  # fmt: skip

COMPONENTS = (RRNET, RRNET_RATINGS, LIR, MLTM, CMCR)
