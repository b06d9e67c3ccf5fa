from __future__ import annotations

import pytest
import torch
from torch import nn

from avgraph.nn.message_passing.mlp import MLP


def test_layers_and_formula() -> None:
    mlp, x = MLP(3, 5, 2), torch.randn(4, 3)
    assert [type(layer) for layer in mlp] == [nn.Linear, nn.ReLU, nn.Linear]
    expected = (x @ mlp.first.weight.T + mlp.first.bias).clamp(min=0) @ mlp.last.weight.T + mlp.last.bias
    torch.testing.assert_close(mlp(x), expected)


def test_dropout_acts_only_in_training() -> None:
    mlp, x = MLP(3, 50, 2, dropout=0.5), torch.randn(4, 3)
    assert not torch.equal(mlp(x), mlp(x))
    assert torch.equal(mlp.eval()(x), mlp(x))


def test_reset_draws_every_weight_anew() -> None:
    mlp = MLP(3, 5, 2, dropout=0.1)
    before = [parameter.clone() for parameter in mlp.parameters()]
    mlp.reset_parameters()
    assert all(not torch.equal(a, b) for a, b in zip(before, mlp.parameters(), strict=True))


def test_bad_dropout() -> None:
    with pytest.raises(ValueError, match=r"dropout: expected a number in \[0, 1\), got 1.0"):
        MLP(1, 1, 1, dropout=1.0)
