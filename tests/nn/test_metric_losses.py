"""AV-SAL and the metric losses against plain loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import (
    contrastive_loss,
    hard_triplet_loss,
    n_pair_loss,
    proxy_triplet_loss,
    semantic_alignment_loss,
)

LABEL = torch.tensor([0, 1, 0, 2, 1, 0, 2])
LOSSES = [proxy_triplet_loss, hard_triplet_loss, contrastive_loss, n_pair_loss]


def embeddings(n: int = 7, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    x, y = (scale * torch.randn(n, 3, generator=draw, dtype=torch.float64) for _ in range(2))
    return x, y


def squared(x: Tensor, y: Tensor) -> float:
    return sum((a - b) ** 2 for a, b in zip(x.tolist(), y.tolist(), strict=True))


def triplets(x: Tensor, y: Tensor, label: Tensor, margin: float) -> float:
    terms = []
    for i, p, q in itertools.product(range(len(x)), repeat=3):
        if label[i] == label[p] and label[i] != label[q]:
            terms.append(max(0.0, squared(x[i], y[p]) - squared(x[i], y[q]) + margin))
    return sum(terms) / len(terms) if terms else 0.0


def hard_triplets(x: Tensor, y: Tensor, label: Tensor, margin: float) -> float:
    terms = []
    for i in range(len(x)):
        far = max(squared(x[i], y[p]) for p in range(len(x)) if label[p] == label[i])
        near = min(squared(x[i], y[q]) for q in range(len(x)) if label[q] != label[i])
        terms.append(max(0.0, far - near + margin))
    return sum(terms) / len(terms)


def pairs(x: Tensor, y: Tensor, label: Tensor, margin: float) -> float:
    pull, push = [], []
    for i, j in itertools.product(range(len(x)), repeat=2):
        square = squared(x[i], y[j])
        if label[i] == label[j]:
            pull.append(square)
        else:
            push.append(max(0.0, margin - math.sqrt(square)) ** 2)
    return (sum(pull) / len(pull) + sum(push) / len(push)) / 2


def n_pairs(x: Tensor, y: Tensor, label: Tensor, margin: float) -> float:
    terms = []
    for i, p in itertools.product(range(len(x)), repeat=2):
        if label[i] == label[p]:
            others = [q for q in range(len(x)) if label[q] != label[i]]
            terms.append(math.log1p(sum(math.exp(float(x[i] @ y[q] - x[i] @ y[p])) for q in others)))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("margin", [0.3, 1.2, 5.0])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("loss", "loop"), list(zip(LOSSES, [triplets, hard_triplets, pairs, n_pairs], strict=True)))
def test_equals_a_loop(loss: Callable[..., Tensor], loop: Callable[..., float], symmetric: bool, margin: float) -> None:
    x, y = embeddings()
    expected = loop(x, y, LABEL, margin)
    if symmetric:
        expected = (expected + loop(y, x, LABEL, margin)) / 2
    own = {} if loss is n_pair_loss else {"margin": margin}
    assert float(loss(x, y, LABEL, symmetric=symmetric, **own)) == pytest.approx(expected)


@pytest.mark.parametrize("mean_over", ["triplets", "anchors"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_weighted_triplets_equal_a_loop(mean_over: Any, symmetric: bool) -> None:
    (x, y), margin = embeddings(), 1.2
    weight = torch.rand(7, 7, dtype=torch.float64)
    weight[3] = 0  # an anchor without a negative that counts

    def loop(x: Tensor, y: Tensor) -> float:
        terms, weights = [[0.0] * 7, [0.0] * 7]
        for i, p, q in itertools.product(range(7), repeat=3):
            if LABEL[i] == LABEL[p] and LABEL[i] != LABEL[q]:
                hinge = max(0.0, squared(x[i], y[p]) - squared(x[i], y[q]) + margin)
                terms[i] += float(weight[i, q]) * hinge
                weights[i] += float(weight[i, q])
        if mean_over == "triplets":
            return sum(terms) / sum(weights)
        return sum(term / every for term, every in zip(terms, weights, strict=True) if every) / 6

    expected = (loop(x, y) + loop(y, x)) / 2 if symmetric else loop(x, y)
    given = {"margin": margin, "symmetric": symmetric, "mean_over": mean_over, "negative_weight": weight}
    assert float(proxy_triplet_loss(x, y, LABEL, **given)) == pytest.approx(expected)
    x, y = x.requires_grad_(), y.requires_grad_()
    assert gradcheck(lambda x, y: proxy_triplet_loss(x, y, LABEL, **given), (x, y))


def test_equal_weights_change_nothing_and_balanced_classes_have_one_mean() -> None:
    x, y = embeddings(6)
    label = torch.arange(6) % 3
    plain = proxy_triplet_loss(x, y, label)
    for given in ({"negative_weight": torch.full((6, 6), 0.3)}, {"mean_over": "anchors"}):
        torch.testing.assert_close(proxy_triplet_loss(x, y, label, **given), plain)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"negative_weight": torch.ones(7)}, r"negative_weight: expected \[7, 7\], got \[7\]"),
        ({"negative_weight": torch.full((7, 7), -1.0)}, "negative_weight: expected finite numbers of at least 0"),
        ({"mean_over": "clips"}, "mean_over: expected 'triplets' or 'anchors', got 'clips'"),
    ],
)
def test_wrong_weights_and_means_are_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        proxy_triplet_loss(*embeddings(), LABEL, **given)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient(loss: Callable[..., Tensor]) -> None:
    x, y = (value.requires_grad_() for value in embeddings())
    assert gradcheck(lambda x, y: loss(x, y, LABEL), (x, y))


@pytest.mark.parametrize("loss", LOSSES)
def test_order_of_clips_does_not_matter(loss: Callable[..., Tensor]) -> None:
    (x, y), order = embeddings(), torch.tensor([3, 6, 0, 2, 5, 1, 4])
    torch.testing.assert_close(loss(x[order], y[order], LABEL[order]), loss(x, y, LABEL))


@pytest.mark.parametrize("loss", [proxy_triplet_loss, hard_triplet_loss, n_pair_loss])
def test_one_class_has_no_triplet(loss: Callable[..., Tensor]) -> None:
    x, y = (value.requires_grad_() for value in embeddings())
    value = loss(x, y, torch.zeros(7, dtype=torch.int64))
    value.backward()
    assert value.item() == 0
    assert x.grad is not None
    assert not x.grad.any()


def test_contrastive_loss_of_equal_embeddings_has_a_finite_gradient() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    contrastive_loss(x, torch.zeros(2, 3), torch.tensor([0, 1])).backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_triplets_on_the_margin_are_counted_by_both_ends_or_by_none() -> None:
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.randint(3, (20, 2), generator=draw).double() for _ in range(2))  # many equal distances
    label = torch.randint(3, (20,), generator=draw)
    for margin in (1.0, 2.0):
        value = proxy_triplet_loss(x, y, label, margin=margin, symmetric=False)
        assert value.item() == pytest.approx(triplets(x, y, label, margin))


@pytest.mark.parametrize("loss", LOSSES)
def test_bad_input_is_named(loss: Callable[..., Tensor]) -> None:
    x, y = embeddings()
    with pytest.raises(GraphError, match=r"expected two \[n, d\] of one shape, got \[7, 3\] and \[6, 3\]"):
        loss(x, y[:6], LABEL)
    with pytest.raises(GraphError, match=r"label: expected classes \[7\] as whole numbers, got torch.int64 \[6\]"):
        loss(x, y, LABEL[:6])
    if loss is not n_pair_loss:  # which has none
        with pytest.raises(GraphError, match="margin: expected a number above 0, got 0"):
            loss(x, y, LABEL, margin=0)
    with pytest.raises(GraphError, match=r"expected floating point, got torch\.int64"):
        loss(x.long(), y.long(), LABEL)


def test_semantic_alignment_equals_a_loop_and_has_a_gradient() -> None:
    draw = torch.Generator().manual_seed(2)
    audio, visual = (torch.rand(5, 4, generator=draw, dtype=torch.float64) for _ in range(2))
    target = (torch.rand(5, 4, generator=draw) > 0.5).double()  # several classes per clip are allowed
    expected = sum(squared(s[n], target[n]) for s in (audio, visual) for n in range(5)) / 5
    assert float(semantic_alignment_loss(audio, visual, target)) == pytest.approx(expected)
    pair = (audio.requires_grad_(), visual.requires_grad_())
    assert gradcheck(lambda a, v: semantic_alignment_loss(a, v, target), pair)


def test_semantic_alignment_refuses_logits_and_other_shapes() -> None:
    soft = torch.full((2, 3), 0.5)
    with pytest.raises(GraphError, match=r"visual_soft: expected probabilities in \[0, 1\], got 0.5 … 2"):
        semantic_alignment_loss(soft, soft.clone().index_fill_(0, torch.tensor([1]), 2.0), soft)
    with pytest.raises(GraphError, match=r"expected three \[n, c\] of one shape, got \[\[2, 3\], \[2, 3\], \[2, 2\]\]"):
        semantic_alignment_loss(soft, soft, soft[:, :2])
    with pytest.raises(GraphError, match="at least one clip"):
        semantic_alignment_loss(soft[:0], soft[:0], soft[:0])


def test_one_class_alone_costs_nothing_in_half_precision() -> None:
    x = torch.full((3, 4), 3e4, dtype=torch.float16, requires_grad=True)  # whose sum is infinite
    loss = n_pair_loss(x, x, torch.zeros(3, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    assert x.grad is not None
    assert not x.grad.any()
