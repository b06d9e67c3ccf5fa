"""A training step of every loss that compares rows within a batch, on made-up rows, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.methods import Task
from avgraph.methods.cmcr import CmcrOptions, CMCRTask
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.methods.mltm import MltmOptions, MLTMTask
from avgraph.methods.mmvae import MMVAETask
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.rrnet import RrnetOptions, RRNetTask
from avgraph.options.train import TrainOptions
from benchmarks.distributed.scenes import scenes

Case = Callable[[], tuple[Task, Tensor]]
"""Makes a bound task and the numbers of a whole batch."""


def rows(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def bound(task: Task, graph: HeteroData) -> Task:
    torch.manual_seed(0)
    task.bind(graph, TrainOptions(epochs=10), 0)
    task.double().train()
    return task


def mltm(batch: int, **options: Any) -> tuple[Task, Tensor]:
    graph = HeteroData()
    for seed, (node, width) in enumerate((("audio", 5), ("text", 4))):
        graph[node].x, graph[node].y = rows(12, width, seed), torch.arange(12)
    graph["audio"].train_mask = torch.ones(12, dtype=torch.bool)
    small = {"hidden_channels": 6, "shared_channels": 4, "batch_size": batch}
    return bound(MLTMTask(MltmOptions(**small, **options)), graph), torch.arange(batch)


def lir(batch: int, **options: Any) -> tuple[Task, Tensor]:
    graph = HeteroData()
    for seed, (node, width) in enumerate((("audio", 5), ("visual", 4))):
        graph[node].x, graph[node].y = rows(24, width, seed), torch.arange(24) % 3
        graph[node].train_mask = torch.ones(24, dtype=torch.bool)
    small = {"hidden_channels": 6, "layers": 2, "batch_size": batch, "threshold": 0.2, "dependencies": "identity"}
    task = LIRTask(LirOptions(**small, teacher_epochs=1, **options))
    bound(task, graph)
    if "interaction_weight" in options:
        task.teacher.infer(1, rows(24, 6, 3).double(), 0)
    return task, torch.arange(24)[:batch]


def cmcr(batch: int, **options: Any) -> tuple[Task, Tensor]:
    graph, on = HeteroData(), {"train_mask": torch.ones(40, dtype=torch.bool)}
    parts = {"text": ("clap", "clip"), "sounds": ("clap",), "pictures": ("clip",)}
    for seed, (node, spaces) in enumerate(parts.items()):
        for space in spaces:
            x = rows(40, 6 if space == "clap" else 5, 10 * seed + len(space))
            graph[node][f"x_{space}"] = torch.nn.functional.normalize(x)
        graph[node].train_mask = on["train_mask"]
    small = {"hidden_channels": 7, "channels": 4, "batch_size": batch}
    task = CMCRTask(CmcrOptions(**small, **options))
    bound(task, graph).on_fit_start()
    return task, torch.tensor([0])


def rrnet(batch: int, **options: Any) -> tuple[Task, Tensor]:
    draw = torch.Generator().manual_seed(5)
    graph = HeteroData()
    for node, count in (("audio", 20), ("label", 8)):
        graph[node].x, graph[node].y = torch.randn(count, 5, generator=draw), torch.arange(count) % 8
        near = torch.randint(count, (2, 2 * count), generator=draw)
        graph[node, "near", node].edge_index = near
    graph["audio"].train_mask = torch.arange(20) % 5 > 0
    graph["audio"].test_mask = ~graph["audio"].train_mask
    every = torch.cartesian_prod(torch.arange(20), torch.arange(8)).T
    graph["audio", "candidate", "label"].edge_index = every.contiguous()
    task = RRNetTask(RrnetOptions(hidden_channels=6, dropout=0.0, batch_size=batch, **options))
    return bound(task, graph), graph["audio"].train_mask.nonzero()[:batch, 0]


def mmvae(batch: int, **options: Any) -> tuple[Task, Tensor]:
    small = {"width": 4, "neck_channels": 4, "audio_channels": 6, "class_batch": 3}
    latent = {} if options.get("latent") is False else {"latent_channels": 3, "beta": 0.5}
    task = MMVAETask(MmvaeOptions(**{**small, **latent, "colour": 0.2, "missing_audio": 0.3, **options}))
    return bound(task, scenes()), torch.arange(batch)


def _cases() -> Mapping[str, Case]:
    interaction = {"interaction_weight": 0.5}
    modalities = {"reconstruction": "per_modality", "fusion": "mixture"}
    published = {"official_bce": True, "listening": "both"}
    without = {"overlap_loss": False, "pseudo_loss": False, "intra_weight": 0.0}
    return {
        **{f"mltm {loss}": partial(mltm, 7, loss=loss) for loss in ("mltm", "info_nce", "info_nce_entropy", "triplet")},
        "mltm mass": partial(mltm, 7, mass=0.6),
        "mltm diagonal": partial(mltm, 7, metric="diagonal"),
        "mltm of 3 pairs": partial(mltm, 3, loss="info_nce"),
        **{f"lir {loss}": partial(lir, 11, loss=loss) for loss in ("triplet", "hard_triplet", "contrastive", "n_pair")},
        "lir student": partial(lir, 11, **interaction),
        "lir soft student": partial(lir, 11, weighting="soft", proxies=False, **interaction),
        "cmcr all terms": partial(cmcr, 11, path_weight=3.0, centred_on="all"),
        "cmcr overlap": partial(cmcr, 11, pseudo_loss=False, intra_weight=0.0),
        "cmcr pseudo": partial(cmcr, 11, overlap_loss=False, intra_weight=0.0),
        "cmcr gap": partial(cmcr, 11, **without | {"intra_weight": 0.1}),
        "cmcr path": partial(cmcr, 11, **without, path_weight=3.0),
        "cmcr of 3 items": partial(cmcr, 3),
        "rrnet cross_entropy": partial(rrnet, 7),
        "rrnet bce": partial(rrnet, 7, loss="bce", inter_units=2),
        "rrnet known labels": partial(rrnet, 7, known_labels=True),
        "rrnet of 3 nodes": partial(rrnet, 3),
        "mmvae joint": partial(mmvae, 5, matching_weight=0.5, orthogonality_weight=0.1),
        "mmvae experts": partial(mmvae, 5, shared="experts", **modalities, combination="product", official_mi=True),
        "mmvae single": partial(mmvae, 5, factorisation="single", divergence="kl", audio_encoder="cnn", **published),
        "mmvae of 1 clip": partial(mmvae, 1, matching_weight=0.5, shared="experts"),
    }


CASES = _cases()
