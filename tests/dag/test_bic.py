from __future__ import annotations

import numpy as np
import pytest
from causallearn.score.LocalScoreFunction import local_score_BIC_from_cov

from avgraph.dag import bic_score, total_bic_score
from avgraph.errors import DataError
from tests.dag.graphs import random_dag, sample


@pytest.mark.parametrize("discount", [0.5, 1.0, 2.0])
def test_equals_causal_learn(discount: float) -> None:
    # causal-learn ≥ 0.1.4, where lambda_value is the penalty discount (0.1.3 and before: twice it).
    rng = np.random.default_rng(0)
    x = sample(random_dag(12, 20, rng)[1], 400, rng) * rng.uniform(0.1, 10, 12)
    covariance = np.cov(x.T, ddof=0)
    for _ in range(60):
        target, *others = rng.permutation(12).tolist()
        parents = others[: int(rng.integers(0, 11))]
        expected = local_score_BIC_from_cov((covariance, 400), target, parents, {"lambda_value": discount})
        assert bic_score(covariance, 400, target, parents, discount) == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_closed_form_from_a_regression() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
    x -= x.mean(axis=0)
    residual = x[:, 2] - x[:, :2] @ np.linalg.lstsq(x[:, :2], x[:, 2])[0]
    expected = -25 * (1 + np.log(np.mean(residual**2))) - 0.7 * 3 * np.log(50)
    assert bic_score(np.cov(x.T, ddof=0), 50, 2, [0, 1], 0.7) == pytest.approx(expected, abs=1e-9)


def test_total_is_the_sum_and_equivalent_graphs_score_the_same() -> None:
    covariance = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.4], [0.2, 0.4, 1.0]])
    chain = np.zeros((3, 3), dtype=bool)
    chain[[0, 1], [1, 2]] = True
    total = sum(bic_score(covariance, 80, j, np.flatnonzero(chain[:, j])) for j in range(3))
    assert total_bic_score(covariance, 80, chain) == total
    assert total_bic_score(covariance, 80, chain.T.copy()) == pytest.approx(total, abs=1e-9)


def test_bad_input() -> None:
    covariance = np.eye(3)
    with pytest.raises(DataError, match=r"variable 3 is out of range 0 … 2"):
        bic_score(covariance, 10, 0, [3])
    with pytest.raises(DataError, match=r"parents of 0: expected distinct other variables, got \[1, 1\]"):
        bic_score(covariance, 10, 0, [1, 1])
    with pytest.raises(DataError, match=r"parents of 0: expected distinct other variables, got \[0\]"):
        bic_score(covariance, 10, 0, [0])
    with pytest.raises(DataError, match=r"variable 1 has no variance left given \[0\]"):
        bic_score(np.ones((2, 2)), 10, 1, [0])
    with pytest.raises(DataError, match=r"the parents \[0, 1\] of 2 are collinear"):
        bic_score(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]), 10, 2, [0, 1])
