"""What a run of RR-Net reports, what it has to beat, and the graph it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.utils import softmax

from avgraph.graph.vocabulary import SPLITS, EdgeType
from avgraph.methods.headline import Headline, judged_split
from avgraph.methods.trivial import Trivial, majority_accuracy
from avgraph.metrics import accuracy, best_targets, edge_argmax_accuracy


def edge_metrics(
    graph: HeteroData, inter: EdgeType, logits: Tensor, splits: Sequence[str] = SPLITS
) -> dict[str, float]:
    """Accuracy by the logits and of the model that proposed the candidates, and the ceiling the candidates set.

    With several views of the encoders also the accuracy of each further one, and ``fused_accuracy`` of their mean
    log-probability: what the views give without any graph. Where `avgraph.transforms.CorrectAndSmooth` has smoothed
    the scores, ``baseline_accuracy`` is of what it made, and ``view_1_accuracy`` of what the first encoder said.
    ``true_class_score`` shows how much surer the scores of training nodes are than those of test nodes. A node without
    a class (y = -1) is not counted.

    Args:
        graph: with labelled candidate edges.
        inter: their type, (source, candidate, target).
        logits: of the edges [e].
        splits: to look at.

    Example:
        >>> from avgraph.transforms import Complete
        >>> data = HeteroData(a={"x": torch.eye(2), "y": torch.arange(2)}, b={"x": torch.eye(2), "y": torch.arange(2)})
        >>> data["a"].test_mask = torch.tensor([True, True])
        >>> edge_metrics(Complete("a", "b")(data), ("a", "candidate", "b"), torch.tensor([1.0, 0.0, 1.0, 0.0]))
        {'test/accuracy': 0.5}
    """
    edge_index, node, y = graph[inter].edge_index, graph[inter[0]], graph[inter[2]].y
    to_class = torch.stack([edge_index[0], y[edge_index[1]]])
    reached = torch.zeros(len(node.y), dtype=torch.bool)
    reached[edge_index[0][graph[inter].y > 0]] = True
    score = _by_class(node.score, y) if "score" in node else None
    smoothed = node.get("smoothed_views", 0)
    views = node.view_score[:, smoothed:] if "view_score" in node else None
    log_score = None if views is None else _by_class(views.clamp_min(1e-4).log(), y)
    result = {}
    for split in splits:
        mask = _scored(node, split)
        if mask is None or not bool(mask.any()):
            continue
        result[f"{split}/accuracy"] = edge_argmax_accuracy(logits, to_class, node.y, mask, len(node.y))
        if score is not None:
            result[f"{split}/baseline_accuracy"] = accuracy(score, node.y, mask)
            result[f"{split}/candidate_recall"] = float(reached[mask].double().mean())
            result[f"{split}/true_class_score"] = float(score[mask].gather(1, node.y[mask][:, None]).mean())
        if log_score is not None:
            for view in range(0 if smoothed else 1, log_score.shape[1]):
                result[f"{split}/view_{view + 1}_accuracy"] = accuracy(log_score[:, view], node.y, mask)
            if log_score.shape[1] > 1:
                result[f"{split}/fused_accuracy"] = accuracy(log_score.mean(1), node.y, mask)
    return result


def _scored(node: Any, split: str) -> Tensor | None:
    """Nodes of a split whose class is known."""
    mask = node.get(f"{split}_mask")
    return None if mask is None else mask & (node.y >= 0)


def _by_class(score: Tensor, y: Tensor) -> Tensor:
    """The best score among the targets of each class.

    Shapes:
        score [..., n_target], y [n_target] → [..., classes]
    """
    best = score.new_full((*score.shape[:-1], int(y.max()) + 1), -torch.inf)
    return best.scatter_reduce(-1, y.expand_as(score), score, "amax")


def trivial_answer(
    graph: HeteroData, inter: EdgeType, *, loss: str, reduction: str, batches: Sequence[int] | None = None
) -> Trivial:
    """The loss of the best constant logit, and the accuracy of the majority class of the training nodes.

    Args:
        graph: with labelled candidate edges.
        inter: their type, (source, candidate, target).
        loss, reduction: of the training.
        batches: source nodes of each batch, if any. A batch has its share of the sum over all, and the epoch's loss is
            the mean over its source nodes: in expectation the sum times Σ size² / (Σ size)².

    Example:
        >>> from avgraph.transforms import Complete
        >>> data = HeteroData(a={"x": torch.eye(4), "y": torch.tensor([0, 1, 1, 0])}, b={"x": torch.eye(2)})
        >>> data["b"].y = torch.arange(2)
        >>> data["a"].train_mask = torch.tensor([True, True, True, False])
        >>> data = Complete("a", "b")(data)
        >>> found = trivial_answer(data, ("a", "candidate", "b"), loss="cross_entropy", reduction="mean")
        >>> round(found.loss, 4), found.metrics
        (0.6931, {'train/accuracy': 0.6666666666666666})
    """
    edges, node = graph[inter], graph[inter[0]]
    train, y = edges.train_mask.cpu(), edges.y.cpu().double()
    if loss == "bce":
        share = y[train].mean()
        each = (torch.special.entr(share) + torch.special.entr(1 - share)).expand(int(train.sum()))
    else:  # all candidates of a node are equally likely
        start = edges.edge_index[0].cpu()
        each = start.bincount()[start[train & (y > 0)]].double().log()
    total = each.mean() if reduction == "mean" else each.sum()
    if batches and reduction == "sum":
        total *= sum(size**2 for size in batches) / sum(batches) ** 2
    masks = {f"{split}/accuracy": node[f"{split}_mask"] for split in SPLITS if f"{split}_mask" in node}
    return Trivial(float(total), majority_accuracy(node.y, node.train_mask, masks))


def edge_headline(nodes: Any, metrics: Mapping[str, float], trivial: Trivial) -> Headline | None:
    """Accuracy beside the majority class, each view's own scores and their mean without a graph; the ceiling.

    Args:
        nodes: source nodes with their ``prediction`` and ``y``.
        metrics: see `edge_metrics`.
        trivial: see `trivial_answer`.

    Example:
        >>> nodes = HeteroData(a={"y": torch.tensor([0]), "prediction": torch.tensor([0])})["a"]
        >>> nodes.test_mask = torch.tensor([True])
        >>> edge_headline(nodes, {"test/accuracy": 1.0, "test/candidate_recall": 1.0}, Trivial()).ceiling
        ('the true class is a candidate', 1.0)
    """
    if (split := judged_split(metrics, "accuracy")) is None:
        return None
    prefix = f"{split}/"
    marks = {trivial.prediction: trivial.metrics.get(f"{prefix}accuracy")}
    marks["the scores it starts from"] = metrics.get(f"{prefix}baseline_accuracy")
    for name, value in metrics.items():
        if name.startswith(f"{prefix}view_") and name.endswith("_accuracy"):
            marks[f"view {name.removeprefix(f'{prefix}view_').removesuffix('_accuracy')} alone"] = value
    marks["all views, no graph"] = metrics.get(f"{prefix}fused_accuracy")
    recall = metrics.get(f"{prefix}candidate_recall")
    return Headline(
        f"{prefix}accuracy",
        rows=(nodes.prediction == nodes.y)[_scored(nodes, split)].double(),
        baselines={name: value for name, value in marks.items() if value is not None},
        ceiling=None if recall is None else ("the true class is a candidate", recall),
    )


def with_answers(graph: HeteroData, inter: EdgeType, logits: Tensor, *, each_edge: bool) -> HeteroData:
    """The graph with the ``probability`` of every candidate edge and the ``prediction`` for every source node.

    A source node without candidates has prediction -1. Where source nodes have classes, ``label_probability`` is what
    is left for the class that a node came with, 0 where that is no candidate: a label to look at is one with little.
    Of several targets of that class the shares are added up, and of edges each by itself the largest counts.

    Args:
        graph: with candidate edges.
        inter: their type, (source, candidate, target).
        logits: of the edges [e].
        each_edge: whether a probability is of an edge by itself, or of the candidates of a source node.

    Example:
        >>> data = HeteroData(a={"x": torch.eye(1), "y": torch.tensor([8])}, b={"x": torch.eye(2)})
        >>> data["b"].y = torch.tensor([7, 8])
        >>> data["a", "candidate", "b"].edge_index = torch.tensor([[0, 0], [0, 1]])
        >>> found = with_answers(data, ("a", "candidate", "b"), torch.tensor([1.0, 0.0]), each_edge=False)
        >>> found["a", "candidate", "b"].probability, found["a"].prediction, found["a"].label_probability
        (tensor([0.7311, 0.2689]), tensor([7]), tensor([0.2689]))
    """
    result, edge_index, size = graph.clone(), graph[inter].edge_index, graph[inter[0]].num_nodes
    result[inter].probability = logits.sigmoid() if each_edge else softmax(logits, edge_index[0], num_nodes=size)
    nodes, y = result[inter[0]], graph[inter[2]].y
    best = best_targets(logits, edge_index, size)
    nodes.prediction = y[best.clamp_min(0)].where(best >= 0, -1)
    if "y" in nodes:
        own = nodes.y[edge_index[0]] == y[edge_index[1]]
        of_own = result[inter].probability.where(own, 0)
        together = "amax" if each_edge else "sum"
        nodes.label_probability = torch.zeros(size).scatter_reduce(0, edge_index[0], of_own, together)
    return result
