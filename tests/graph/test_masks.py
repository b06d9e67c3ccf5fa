from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from avgraph.datasets.leakage import find_leakage, handle_leakage
from avgraph.errors import DataError
from avgraph.graph.masks import Masks, check_class_coverage, check_one_split, fold_masks


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(1, 5), st.none() | st.integers(1, 5))
def test_masks_cover_every_row_once(folds: list[int], fold: int, val_fold: int | None) -> None:
    if fold == val_fold:
        return
    masks = fold_masks(torch.tensor(folds), fold, val_fold)
    assert (torch.stack(masks).sum(0) == 1).all()
    assert masks.test.tolist() == [number == fold for number in folds]


def test_class_without_training_example_is_named() -> None:
    with pytest.raises(DataError, match=r"here: no training example of class 'a', 'c'; every class needs one$"):
        check_class_coverage(torch.tensor([0, 1]), torch.tensor([False, True]), ["a", "b", "c"], "here")


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=20))
def test_after_drop_nothing_leaks(clips: list[tuple[int, bool]]) -> None:
    source = [str(number) for number, _ in clips]
    name = [str(index) for index in range(len(clips))]
    test = torch.tensor([inside for _, inside in clips])
    masks = Masks(~test, torch.zeros_like(test), test)
    leakage = find_leakage(source, name, test)
    naive = {a for a, x in clips if x} & {b for b, y in clips if not y}
    assert [leak["source_file"] for leak in leakage] == sorted(str(number) for number in naive)
    kept = handle_leakage(leakage, name, masks, "drop")
    tested = {source for source, inside in zip(source, test.tolist(), strict=True) if inside}
    trained = {source for source, inside in zip(source, kept.train.tolist(), strict=True) if inside}
    assert not tested & trained
    assert torch.equal(kept.test, test)


@pytest.mark.parametrize("kind", ["clip", ("clip", "near", "clip")])
@pytest.mark.parametrize(
    ("one", "other"), [("train_mask", "test_mask"), ("train_mask", "val_mask"), ("val_mask", "test_mask")]
)
def test_a_row_in_two_splits_is_refused(kind: str | tuple[str, str, str], one: str, other: str) -> None:
    data = HeteroData()
    data[kind][one], data[kind][other] = torch.arange(6) < 4, torch.arange(6) >= 3
    where = kind if isinstance(kind, str) else r"\(clip, near, clip\)"
    with pytest.raises(DataError, match=f"^{where}: row 3 is in {one} and in {other}; expected every row in one split"):
        check_one_split(data)
    data[kind][other][3] = False
    check_one_split(data)
