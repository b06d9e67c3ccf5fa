"""What an LIR run reports and the graph it leaves."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.methods.lir.clips import Clips
from avgraph.methods.lir.dependencies import recovery
from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.teacher import Teacher
from avgraph.metrics import mean_average_precision
from avgraph.metrics.ranking import rank_by_cosine
from avgraph.transforms import DependencyEdges
from avgraph.transforms.activation_edges import active_concepts

SPLITS = ("val", "test")


def clip_metrics(audio: Tensor, visual: Tensor, y: Tensor) -> dict[str, float]:
    """Mean average precision both ways, its mean, its running variant, recall at 1, accuracy of the logits.

    Shapes:
        audio, visual [n, c], y [n]

    Example:
        >>> x, y = torch.eye(2), torch.tensor([0, 1])
        >>> clip_metrics(x, x, y)["map_audio_to_visual"]
        1.0
    """
    found = {}
    for name, query, gallery in (("audio_to_visual", audio, visual), ("visual_to_audio", visual, audio)):
        ranking = rank_by_cosine(query, gallery, y, y)
        found[f"map_{name}"] = ranking.mean_average_precision()
        found[f"running_map_{name}"] = ranking.mean_average_precision("running")
        found[f"recall_at_1_{name}"] = ranking.recall_at_k(1)
    for kind in ("map", "running_map"):
        found[kind] = (found[f"{kind}_audio_to_visual"] + found[f"{kind}_visual_to_audio"]) / 2
    for name, logits in (("audio", audio), ("visual", visual)):
        found[f"{name}_accuracy"] = float((logits.argmax(1) == y).float().mean())
    return found


def proxy_metrics(batches: Sequence[tuple[Tensor, Tensor]], y: Tensor) -> dict[str, float]:
    """Retrieval by the proxies of batches, each query's own pair among what it has seen; named ``batch_proxy``.

    Example:
        >>> x = torch.eye(2)
        >>> proxy_metrics([(x, x)], torch.tensor([0, 1]))["batch_proxy_map"]
        1.0
    """
    audio, visual = (torch.cat(side) for side in zip(*batches, strict=True))
    found = clip_metrics(audio, visual, y)
    return {f"batch_proxy_{name}": value for name, value in found.items() if "accuracy" not in name}


@torch.no_grad()
def split_metrics(
    network: ClipNetwork, clips: Clips, batch_size: int | None, splits: Sequence[str] = SPLITS
) -> dict[str, float]:
    """All metrics of retrieval, ``<split>/<name>``, by unimodal embeddings and, if there are any, by proxies.

    Args:
        network: not in training.
        clips: see `read_clips`.
        batch_size: clips whose proxies see each other; None leaves proxies out.
        splits: to look at.

    Example:
        >>> x, mask = {"audio": torch.eye(2), "visual": torch.eye(2)}, torch.tensor([True, True])
        >>> masks = {"val": ~mask, "test": mask}
        >>> clips = Clips(HeteroData(), x, torch.tensor([0, 0]), torch.tensor([0]), masks, 1, ["a", "b"])
        >>> from avgraph.methods.lir.options import LirOptions
        >>> network = ClipNetwork({"audio": 2, "visual": 2}, 1, LirOptions())
        >>> split_metrics(network.eval(), clips, 400)["test/batch_proxy_map"]
        1.0
    """
    result: dict[str, float] = {}
    for split in splits:
        rows = clips.masks[split].nonzero()[:, 0]
        if len(rows):
            audio, visual = network(clips.features(rows))
            found = clip_metrics(audio, visual, clips.y[rows])
            if clips.content is not None:
                content = clips.content[rows]
                pairs = ((audio, visual), (visual, audio))
                found["content_map"] = sum(mean_average_precision(*pair, content, content) for pair in pairs) / 2
            if network.proxy and batch_size is not None:
                parts = zip(audio.split(batch_size), visual.split(batch_size), strict=True)
                found |= proxy_metrics([network.proxies(*part) for part in parts], clips.y[rows])
            result |= {f"{split}/{name}": value for name, value in found.items()}
    return result


def graph_metrics(weights: Tensor, truth: Tensor | None) -> dict[str, float]:
    """Number of edges and, where the true pairs of concepts are known, their `recovery`.

    Example:
        >>> graph_metrics(torch.zeros(2, 2), None)
        {'graph/edges': 0.0}
    """
    found = {"edges": float((weights > 0).sum())} | ({} if truth is None else recovery(weights, truth))
    return {f"graph/{name}": value for name, value in found.items()}


def clip_concept_graph(
    graph: HeteroData,
    nodes: tuple[str, str, str],
    logits: tuple[Tensor, Tensor],
    threshold: float,
    teacher: Teacher,
    *,
    inserted: bool,
) -> HeteroData:
    """The graph with embeddings, (clip, activates, concept), (concept, drives, concept) and (concept, drove, concept).

    Args:
        graph: with ``audio``, ``visual`` and ``concept`` nodes.
        nodes: their types.
        logits: embeddings of all clips in the two modalities.
        threshold: soft label above which a clip activates a concept.
        teacher: has the dependency graph, "drives", and those of its snapshots, "drove", with their ``epoch``.
        inserted: whether the network has been trained with the graph.

    Example:
        >>> one = {"x": torch.ones(1, 1)}
        >>> graph = HeteroData(audio=one, visual=one, concept={"x": torch.eye(2)})
        >>> nodes, logits = ("audio", "visual", "concept"), (torch.ones(1, 1), -torch.ones(1, 1))
        >>> from avgraph.methods.lir.options import LirOptions
        >>> teacher = Teacher(["dog (audio)", "dog (visual)"], 1, 3, LirOptions())
        >>> found = clip_concept_graph(graph, nodes, logits, 0.5, teacher, inserted=False)
        >>> found["audio", "activates", "concept"].edge_index.tolist()
        [[0], [0]]
    """
    result = copy.copy(graph)
    concept = nodes[2]
    for shift, (node, logit) in enumerate(zip(nodes[:2], logits, strict=True)):
        result[node].embedding = logit
        edges = result[node, "activates", concept]
        edges.edge_index, edges.edge_weight = active_concepts(logit.sigmoid(), threshold)
        edges.edge_index[1] += shift * logit.shape[1]
    if teacher.ready:
        if teacher.given is None:  # the edges of the data have whatever else was known of them
            result = DependencyEdges(teacher.weights.cpu(), node=concept)(result)
        edges = result[concept, "drives", concept]
        for name, matrix in {"edge_weight": teacher.weights.cpu(), **teacher.frequencies()}.items():
            edges[name] = matrix[edges.edge_index[0], edges.edge_index[1]]
        if inserted:
            result[concept].insertion_epoch = int(teacher.epoch)
    epochs, weights = teacher.taken()
    if epochs:
        edges = result[concept, "drove", concept]
        number, parent, child = weights.nonzero(as_tuple=True)
        edges.edge_index = torch.stack([parent, child])
        edges.edge_weight = weights[number, parent, child]
        edges.epoch = torch.tensor(epochs)[number]
        result[concept].snapshot_epochs = epochs
    return result
