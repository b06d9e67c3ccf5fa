"""RR-Net's loss: that of a loop over source nodes, with a gradient however wrong an answer is."""

import math

import pytest
import torch
import torch.nn.functional as F

from avgraph.methods.rrnet import RrnetOptions
from avgraph.methods.rrnet.objective import candidate_loss

SOURCE = torch.tensor([2, 0, 0, 2, 2, 0])  # node 1 has no candidates
Y = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_candidates_of_a_node_compete(reduction: str) -> None:
    logits = torch.randn(6, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    options = RrnetOptions(loss="cross_entropy", reduction=reduction)  # type: ignore[arg-type]
    found = candidate_loss(options, logits, Y, torch.ones(6, dtype=torch.bool), SOURCE, 3)
    each = [F.cross_entropy(logits[node == SOURCE], Y[node == SOURCE].argmax()) for node in (0, 2)]
    expected = torch.stack(each).mean() if reduction == "mean" else torch.stack(each).sum()
    torch.testing.assert_close(found, expected)
    ways = (torch.autograd.grad(loss, logits, retain_graph=True)[0] for loss in (found, expected))
    torch.testing.assert_close(*ways)
    assert torch.autograd.gradcheck(
        lambda x: candidate_loss(options, x, Y, torch.ones(6, dtype=torch.bool), SOURCE, 3), logits
    )


@pytest.mark.parametrize("gap", [1.0, 80.0, 1000.0])
def test_the_most_wrong_answer_is_learned_from(gap: float) -> None:
    logits = torch.tensor([0.0, gap], requires_grad=True)
    known = torch.ones(2, dtype=torch.bool)
    loss = candidate_loss(
        RrnetOptions(loss="cross_entropy"), logits, torch.tensor([1.0, 0.0]), known, torch.zeros(2).long(), 1
    )
    loss.backward()
    assert loss.item() == pytest.approx(gap + math.log1p(math.exp(-gap)))
    wrong = 1 / (1 + math.exp(-gap))
    assert logits.grad is not None
    assert logits.grad.tolist() == pytest.approx([-wrong, wrong])
