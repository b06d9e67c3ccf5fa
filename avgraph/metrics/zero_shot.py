"""Zero-shot classification by the prompts of the classes (C-MCR, Table 4: ModelNet40, top 1, 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.metrics.classification import top_k_recall
from avgraph.tensors.checks import check_classes, check_tensors
from avgraph.tensors.rows import unit_rows_of


def zero_shot_accuracy(
    x: Tensor, prompt: Tensor, y: Tensor, prompt_y: Tensor, ks: Sequence[int] = (1, 3, 5)
) -> dict[str, float]:
    """Share of the rows whose class is among the ``k`` classes with the most similar prompts.

    A class with several prompts is the mean of their unit rows.

    Args:
        x: embeddings to classify.
        prompt: embeddings of the prompts.
        y: class of each row; ``prompt_y``: of each prompt, every class from 0 to C − 1 at least once.
        ks: how many classes may be named.

    Shapes:
        x [n, d], prompt [p, d], y [n], prompt_y [p]

    Returns:
        ``top_1``, ``top_3``, ….

    Raises:
        GraphError: if shapes disagree, a row is not finite, a class has no prompt, or ``k`` exceeds the classes.

    Example:
        >>> import torch
        >>> zero_shot_accuracy(torch.eye(3), torch.eye(3), torch.tensor([0, 1, 1]), torch.arange(3), ks=(1, 3))
        {'top_1': 0.6666666666666666, 'top_3': 1.0}
    """
    check_tensors({"x": x, "prompt": prompt})
    if x.dim() != 2 or prompt.dim() != 2 or x.shape[1] != prompt.shape[1] or not len(x) or not len(prompt):
        raise GraphError(f"x, prompt: expected [n, d] and [p, d], got {list(x.shape)} and {list(prompt.shape)}")
    for name, rows, label in (("x", x, y), ("prompt", prompt, prompt_y)):
        if not bool(rows.isfinite().all()):
            raise GraphError(f"{name}: row {int((~rows.isfinite().all(1)).nonzero()[0])} is not finite")
        check_classes(f"labels of {name}", label, len(rows))
        if int(label.min()) < 0:
            raise GraphError(f"labels of {name}: expected 0 or more, got {int(label.min())}")
    classes = int(max(prompt_y.max(), y.max())) + 1
    lacking = (prompt_y.bincount(minlength=classes) == 0).nonzero()[:, 0]
    if len(lacking):
        raise GraphError(f"class {int(lacking[0])} has no prompt")
    unit = unit_rows_of(prompt)
    centre = F.normalize(unit.new_zeros(classes, unit.shape[1]).index_add(0, prompt_y, unit))
    score = unit_rows_of(x) @ centre.T
    return {f"top_{k}": top_k_recall(score, y, k) for k in ks}
