"""Options that two places read: that something changes is not enough, both must read them."""

from __future__ import annotations

import pytest
import torch

from avgraph.errors import GraphError
from avgraph.methods.lir import LirOptions
from avgraph.methods.lir.dependencies import teacher_dependencies


def test_ridge_is_of_the_search_and_of_the_weights() -> None:
    x = torch.randn(200, 2)
    collinear, names = torch.cat([x, x.sum(1, keepdim=True)], 1), list("abc")
    with pytest.raises(GraphError, match="collinear columns 'a', 'b', 'c'"):
        teacher_dependencies(collinear, names, LirOptions())
    assert float(teacher_dependencies(collinear, names, LirOptions(ridge=0.1))[0].sum()) == pytest.approx(1)
