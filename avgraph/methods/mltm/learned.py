"""What m-LTM leaves: couplings of each split, embeddings, trust in each training pair, and their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.figures.coupled import coupled_figures
from avgraph.figures.figures import Draw
from avgraph.figures.trusted_pairs import draw_trusted_pairs
from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.mltm.ranking import score_tables
from avgraph.methods.mltm.sides import TrainingPairs, pairs_of
from avgraph.metrics import error_detection_auroc
from avgraph.transforms.pairs import set_pairs, warn_of_lost_mass

Embed = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def coupled_graph(
    graph: HeteroData, options: MltmOptions, splits: Iterable[tuple[Tensor, Tensor]], embed: Embed, metric: Tensor
) -> HeteroData:
    """A copy with ``embedding`` and, split by split, the edges (audio, coupled, text) with their ``mass``.

    Args:
        graph: with ``x`` of both node types.
        options: of the method.
        splits: numbers of the sounds and of the texts of each.
        embed: gives unit rows of sounds and of texts.
        metric: of the ground cost.
    """
    coupled = (options.audio, "coupled", options.text)
    result, edges, mass = graph.clone(), [torch.empty(2, 0, dtype=torch.int64)], [torch.empty(0)]
    for rows, columns in splits:
        x, y = (part.cpu() for part in embed(rows, columns))
        table = score_tables(x, y, metric.detach().cpu(), options.epsilon)["plan"].exp()
        pair = (table > options.threshold / max(table.shape)).nonzero().T
        edges.append(torch.stack([rows[pair[0]], columns[pair[1]]]))
        mass.append(table[pair[0], pair[1]])
        warn_of_lost_mass(coupled, mass[-1], float(table.sum()), options.threshold)
    result = set_pairs(result, coupled, torch.cat(edges, 1), None)
    result[coupled].mass = torch.cat(mass)
    nodes = (options.audio, options.text)
    for node, value in zip(nodes, embed(*(torch.arange(len(graph[node].x)) for node in nodes)), strict=True):
        result[node].embedding = value.cpu()
    return result


def add_trusted_pairs(graph: HeteroData, options: MltmOptions, pairs: TrainingPairs, trust: Tensor) -> None:
    """Write the pairs that were learned from: edges (audio, trusted, text) with ``trust``.

    And ``corrupted``, where it is known which pairs were made wrong.

    Shapes:
        trust [n]
    """
    edges = graph[options.audio, "trusted", options.text]
    edges.edge_index, edges.trust = torch.stack([pairs.sound, pairs.text]), trust
    if options.noise > 0 or "corrupted" in graph[pairs_of(options)]:
        edges.corrupted = pairs.wrong


def trust_metrics(trust: Tensor, wrong: Tensor) -> dict[str, float]:
    """Mean trust of the training pairs, and, where some are known to be wrong, the AUROC by which it tells them.

    Example:
        >>> trust_metrics(torch.tensor([1.0, 0.0, 0.5]), torch.tensor([False, True, False]))
        {'train/trust': 0.5, 'train/wrong_pairs_auroc': 1.0}
    """
    met = ~trust.isnan()
    found = {"train/trust": float(trust[met].mean())}
    if bool(wrong[met].any()) and not bool(wrong[met].all()):
        found["train/wrong_pairs_auroc"] = error_detection_auroc(1 - trust[met], wrong[met])
    return found


def learned_figures(learned: HeteroData, options: MltmOptions) -> dict[str, Draw]:
    """What there is to draw: shared space and matching of test sounds, and the trusted pairs.

    Example:
        >>> learned_figures(HeteroData(audio={"num_nodes": 1}), MltmOptions())
        {}
    """
    figures: dict[str, Draw] = {}
    if (kind := (options.audio, "trusted", options.text)) in learned.edge_types:
        figures["trusted_pairs.png"] = partial(draw_trusted_pairs, learned, kind=kind)
    mask = learned[options.audio].get("test_mask")
    if mask is not None and bool(mask.any()):
        figures |= coupled_figures(learned, audio=options.audio, text=options.text)
    return figures
