"""What RR-Net would reach with one answer for all: one probability for every edge, one class for every node."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData

from avgraph.methods.trivial import Trivial, majority_accuracy

SPLITS = ("train", "val", "test")


def trivial_answer(graph: HeteroData, source: str, target: str, *, loss: str, reduction: str) -> Trivial:
    """The loss of the best constant logit, and the accuracy of the majority class of the training nodes.

    Example:
        >>> from avgraph.transforms import Complete
        >>> data = HeteroData(a={"x": torch.eye(4), "y": torch.tensor([0, 1, 1, 0])}, b={"x": torch.eye(2)})
        >>> data["b"].y = torch.arange(2)
        >>> data["a"].train_mask = torch.tensor([True, True, True, False])
        >>> found = trivial_answer(Complete("a", "b")(data), "a", "b", loss="cross_entropy", reduction="mean")
        >>> round(found.loss, 4), found.metrics
        (0.6931, {'train/accuracy': 0.6666666666666666})
    """
    edges, node = graph[source, "candidate", target], graph[source]
    train, y = edges.train_mask.cpu(), edges.y.cpu().double()
    if loss == "bce":
        share = y[train].mean()
        each = (torch.special.entr(share) + torch.special.entr(1 - share)).expand(int(train.sum()))
    else:  # all candidates of a node are equally likely
        start = edges.edge_index[0].cpu()
        each = start.bincount()[start[train & (y > 0)]].double().log()
    total = each.mean() if reduction == "mean" else each.sum()
    masks = {f"{split}/accuracy": node[f"{split}_mask"] for split in SPLITS if f"{split}_mask" in node}
    return Trivial(float(total), majority_accuracy(node.y, node.train_mask, masks))
