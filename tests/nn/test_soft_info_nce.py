"""InfoNCE towards a table of targets, against a loop and against InfoNCE itself."""

import math

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import info_nce, soft_info_nce


def table() -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n, 3, generator=draw, dtype=torch.float64) for n in (4, 5))
    return x, y, torch.rand(4, 5, generator=draw, dtype=torch.float64)


def test_equals_a_loop() -> None:
    x, y, target = table()
    temperature, total = 0.3, 0.0
    score = [[float(a @ b / (a.norm() * b.norm())) / temperature for b in y] for a in x]
    for i in range(4):
        for j in range(5):
            row, column = math.log(sum(map(math.exp, score[i]))), math.log(sum(math.exp(line[j]) for line in score))
            total -= float(target[i, j] / target[i].sum()) * (score[i][j] - row) / 4 / 2
            total -= float(target[i, j] / target[:, j].sum()) * (score[i][j] - column) / 5 / 2
    assert float(soft_info_nce(x, y, target, temperature)) == pytest.approx(total, abs=1e-12)


def test_with_the_identity_it_is_info_nce() -> None:
    x, y, _ = table()
    found = soft_info_nce(x, y[:4], 3 * torch.eye(4, dtype=torch.float64), 0.2)
    torch.testing.assert_close(found, info_nce(x, y[:4], 0.2))


def test_gradcheck_and_half_precision() -> None:
    x, y, target = table()
    assert gradcheck(lambda x, y: soft_info_nce(x, y, target, 0.5), (x.requires_grad_(), y.requires_grad_()))
    low = soft_info_nce(x.bfloat16(), y.bfloat16(), target.bfloat16(), 0.5)
    assert low.dtype == torch.float32


def test_mistakes_are_named() -> None:
    x, y, target = table()
    with pytest.raises(GraphError, match=r"expected \[a, d\], \[b, d\] and \[a, b\], got \[4, 3\], \[5, 3\], \[5, 4\]"):
        soft_info_nce(x, y, target.T, 0.1)
    with pytest.raises(GraphError, match="temperature: expected a number above 0, got -1"):
        soft_info_nce(x, y, target, -1)
    with pytest.raises(GraphError, match="target: expected no number below 0, got -"):
        soft_info_nce(x, y, -target, 0.1)
    for name, part in (("row 2", (2, slice(None))), ("column 3", (slice(None), 3))):
        zero = target.clone()
        zero[part] = 0
        with pytest.raises(GraphError, match=f"target: {name} is all zero"):
            soft_info_nce(x, y, zero, 0.1)
    with pytest.raises(GraphError, match=r"x: .*not finite"):
        soft_info_nce(x / 0, y, target, 0.1)
