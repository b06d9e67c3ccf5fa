"""Top-k accuracy by prompts against scikit-learn, several prompts per class, what is refused."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import top_k_accuracy_score

from avgraph.errors import GraphError
from avgraph.metrics import zero_shot_accuracy


def test_equals_scikit_learn() -> None:
    x, prompt, y = torch.randn(60, 5), torch.randn(8, 5), torch.arange(60) % 8
    found = zero_shot_accuracy(x, prompt, y, torch.arange(8))
    score = (F.normalize(x) @ F.normalize(prompt).T).numpy()
    for k in (1, 3, 5):
        assert found[f"top_{k}"] == pytest.approx(top_k_accuracy_score(y.numpy(), score, k=k))


def test_several_prompts_are_their_mean_direction() -> None:
    x, y = torch.randn(30, 4), torch.arange(30) % 3
    prompt, prompt_y = torch.randn(9, 4), torch.arange(9) % 3
    centre = torch.stack([F.normalize(prompt[prompt_y == k]).mean(0) for k in range(3)])
    found = zero_shot_accuracy(x, prompt, y, prompt_y, ks=(1, 2))
    assert found == zero_shot_accuracy(x, centre, y, torch.arange(3), ks=(1, 2))
    # A longer prompt says no more than a short one.
    assert zero_shot_accuracy(x, 7 * prompt, y, prompt_y, ks=(1, 2)) == found


def test_refused() -> None:
    x, prompt, y, prompt_y = torch.randn(4, 3), torch.randn(2, 3), torch.tensor([0, 1, 0, 1]), torch.arange(2)
    for bad, message in (
        (lambda: zero_shot_accuracy(x, prompt[:, :2], y, prompt_y), r"expected \[n, d\] and \[p, d\]"),
        (lambda: zero_shot_accuracy(x, prompt, y, prompt_y), "k: expected 1 … 2"),
        (lambda: zero_shot_accuracy(x, prompt, y + 1, prompt_y), "class 2 has no prompt"),
        (lambda: zero_shot_accuracy(x, prompt, y - 1, prompt_y), "labels of x: expected 0 or more, got -1"),
        (
            lambda: zero_shot_accuracy(x, prompt, y[:2], prompt_y),
            r"labels of x: expected classes \[4\] as whole numbers, got torch.int64 \[2\]",
        ),
        (lambda: zero_shot_accuracy(x, prompt / 0, y, prompt_y), "prompt: row 0 is not finite"),
    ):
        with pytest.raises(GraphError, match=message):
            bad()
