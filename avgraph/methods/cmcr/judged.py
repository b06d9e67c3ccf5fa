"""What the numbers of a C-MCR run are held against: chance, and the bridge over an overlap that trains nothing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import torch
from torch_geometric.data import HeteroData

from avgraph.graph.localisation import proposal_edges
from avgraph.graph.spaces import spaces_of
from avgraph.methods.cmcr.evaluations import HIT, localised
from avgraph.methods.cmcr.results import held_out_rows
from avgraph.methods.headline import Headline
from avgraph.metrics import average_precision, chance_average_precision


def held_out_chance(graph: HeteroData) -> dict[str, float]:
    """The MAP of `held_out_metrics` that random rankings have on average, by the same names.

    Example:
        >>> import torch
        >>> mask, y = torch.tensor([True, True]), torch.tensor([0, 1])
        >>> store = {"x_a": torch.eye(2), "test_mask": mask, "y": y}
        >>> held_out_chance(HeteroData(audio=store, image=store))
        {'test/map_audio_to_image': 0.75, 'test/map_image_to_audio': 0.75}
    """
    found = {}
    nodes = [n for n in graph.node_types if "y" in graph[n] and spaces_of(graph[n]) and len(held_out_rows(graph[n]))]
    for split in ("val", "test"):
        label = {n: graph[n].y[graph[n][f"{split}_mask"]] for n in nodes if f"{split}_mask" in graph[n]}
        for a, b in permutations(label, 2):
            if (value := chance_average_precision(label[a], label[b])) is not None:
                found[f"{split}/map_{a}_to_{b}"] = value
    return found


def held_out_headline(
    learned: HeteroData, metrics: Mapping[str, float], chance: Mapping[str, float]
) -> Headline | None:
    """The MAP of the first two node types with rows of the test, else of those to validate on, beside chance.

    Where there are prompts or boxes alone, the share of the rows whose class the prompts name, or of the pictures in
    which what sounds is found.

    Args:
        learned: see `connected_graph`.
        metrics: see `held_out_metrics`.
        chance: see `held_out_chance`.
    """
    for split in ("test", "val"):
        for a, b in permutations(learned.node_types, 2):
            if (name := f"{split}/map_{a}_to_{b}") not in metrics or "is_prompt" in (*learned[a], *learned[b]):
                continue
            given = [learned[node].embedding[learned[node][f"{split}_mask"]] for node in (a, b)]
            given += [learned[node].y[learned[node][f"{split}_mask"]] for node in (a, b)]
            rows = average_precision(*given)
            marks = {"chance": chance.get(name), "bridge": metrics.get(f"{split}/bridge_map_{a}_to_{b}")}
            there = {told: value for told, value in marks.items() if value is not None}
            return Headline(name, rows=rows[~rows.isnan()], baselines=there)
    return next((found for split in ("test", "val") if (found := _of_evaluations(learned, metrics, split))), None)


def _of_evaluations(learned: HeteroData, metrics: Mapping[str, float], split: str) -> Headline | None:
    for node, prompts in permutations(learned.node_types, 2):
        if (name := f"{split}/top_1_{node}_by_{prompts}") in metrics:
            return Headline(name, baselines={"chance": 1 / len(learned[prompts].y.unique())})
    embedded = {
        node: (torch.arange(len(learned[node].embedding)), learned[node].embedding)
        for node in learned.node_types
        if "embedding" in learned[node]
    }
    for kind in proposal_edges(learned):
        if (chosen := localised(learned, embedded, kind, split)) is not None:
            told = chosen.sounding
            rows, chance = (chosen.iou >= HIT).double()[told], float(chosen.chance[told].mean())
            best = ("the best proposal", float(chosen.best[told].mean()))
            name = f"{split}/localisation_ciou"
            return Headline(name, rows=rows, baselines={"a proposal by chance": chance}, ceiling=best, unit="pictures")
    return None
