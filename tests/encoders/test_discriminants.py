"""Linear discriminants on principal components: equal to scikit-learn's, new rows as old ones."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline

from avgraph.encoders.class_logits import best_temperature
from avgraph.encoders.discriminants import discriminant_scores, linear_discriminants, new_scores
from avgraph.errors import DataError


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("components", [None, 3, 50])
def test_equal_to_a_pipeline_of_scikit_learn(classes: int, components: int | None) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % classes
    x = rng.normal(size=(40, 6)) + y[:, None]
    model = linear_discriminants(x, y, 0.3, components)
    last = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3)
    library = last if components is None else make_pipeline(PCA(min(components, 6)), last)
    library.fit(x, y)
    new = rng.normal(size=(5, 6))
    np.testing.assert_allclose(model.decision_function(new), library.decision_function(new), atol=1e-9)


def test_a_row_is_scored_without_its_group_and_new_rows_by_all() -> None:
    torch.manual_seed(0)
    y = torch.arange(30) % 3
    x = torch.randn(30, 5) + y[:, None]
    train = torch.arange(24)
    groups = train // 8
    found = discriminant_scores(x, y, train, groups, shrinkage=0.2, components=4)
    learned = {name.removeprefix("learned."): value for name, value in found.items()}
    torch.testing.assert_close(new_scores(learned, x[24:]), found["score"][24:])
    # Other classes of a group leave its rows' scores in their order: only the temperature, one for all, may move.
    flipped = y.clone()
    flipped[:8] = flipped[:8].flip(0)
    other = discriminant_scores(x, flipped, train, groups, shrinkage=0.2, components=4)
    first, second = (scores["score"][:8].log() for scores in (found, other))
    ratio = (first - first.mean(1, keepdim=True)) / (second - second.mean(1, keepdim=True))
    torch.testing.assert_close(ratio, ratio.flatten()[0].expand_as(ratio), atol=1e-3, rtol=1e-3)
    assert not torch.allclose(found["score"][8:16], other["score"][8:16], atol=1e-2)


def test_the_temperature_is_the_lowest_of_a_grid() -> None:
    torch.manual_seed(0)
    y = torch.randint(0, 4, (200,))
    logits = 9 * (torch.eye(4)[y] + 0.8 * torch.randn(200, 4))
    grid = torch.linspace(1, 30, 2000).tolist()
    losses = [float(F.cross_entropy(logits.double() / t, y)) for t in grid]
    assert best_temperature(logits, y) == pytest.approx(grid[losses.index(min(losses))], abs=0.02)


def test_as_many_rows_as_classes_are_too_few() -> None:
    y, groups = torch.tensor([0, 1, 2, 0, 1, 2, 0]), torch.tensor([0, 0, 0, 1, 1, 1, 1])
    x = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
    told = "logmel_patches: but one fold or recording leaves 3 training rows of 3 classes"
    with pytest.raises(DataError, match=told):
        discriminant_scores(x, y, torch.arange(7), groups, shrinkage=0.5, encoder="logmel_patches")
    # A class of one row, and no warning of scikit-learn: it has no spread of its own.
    score = discriminant_scores(x, y, torch.arange(7), torch.arange(7), shrinkage=0.5)["score"]
    torch.testing.assert_close(score.sum(1), torch.ones(7))
