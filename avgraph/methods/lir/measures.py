"""Metrics of a network on validation and test clips."""

from __future__ import annotations

import torch

from avgraph.methods.lir.clips import Clips
from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.results import clip_metrics, proxy_metrics, retrieval_map

SPLITS = ("val", "test")


@torch.no_grad()
def split_maps(network: ClipNetwork, clips: Clips) -> dict[str, float]:
    """MAP of both directions, averaged, of every split that has clips; a network in training stays in it.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> x, mask = {"audio": torch.eye(2), "visual": torch.eye(2)}, torch.tensor([True, True])
        >>> masks = {"val": ~mask, "test": mask}
        >>> clips = Clips(HeteroData(), x, torch.tensor([0, 0]), torch.tensor([0]), masks, 1, ["a", "b"])
        >>> split_maps(ClipNetwork({"audio": 2, "visual": 2}, 1), clips)
        {'test': 1.0}
    """
    training = network.training
    network.eval()
    found = {}
    for split in SPLITS:
        rows = clips.masks[split].nonzero()[:, 0]
        if len(rows):
            audio, visual = network(clips.features(rows))
            found[split] = retrieval_map(audio, visual, clips.y[rows])
    network.train(training)
    return found


@torch.no_grad()
def split_metrics(network: ClipNetwork, clips: Clips, batch_size: int) -> dict[str, float]:
    """All metrics of retrieval, ``<split>/<name>``, by unimodal embeddings and, if there are any, by proxies.

    Args:
        network: not in training.
        clips: see `read_clips`.
        batch_size: clips whose proxies see each other.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> x, mask = {"audio": torch.eye(2), "visual": torch.eye(2)}, torch.tensor([True, True])
        >>> masks = {"val": ~mask, "test": mask}
        >>> clips = Clips(HeteroData(), x, torch.tensor([0, 0]), torch.tensor([0]), masks, 1, ["a", "b"])
        >>> split_metrics(ClipNetwork({"audio": 2, "visual": 2}, 1).eval(), clips, 400)["test/batch_proxy_map"]
        1.0
    """
    result: dict[str, float] = {}
    for split in SPLITS:
        rows = clips.masks[split].nonzero()[:, 0]
        if len(rows):
            audio, visual = network(clips.features(rows))
            found = clip_metrics(audio, visual, clips.y[rows])
            if network.proxy:
                pairs = zip(audio.split(batch_size), visual.split(batch_size), strict=True)
                found |= proxy_metrics([network.proxies(*pair) for pair in pairs], clips.y[rows])
            result |= {f"{split}/{name}": value for name, value in found.items()}
    return result
