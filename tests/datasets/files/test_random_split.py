"""Drawn splits: sizes, classes, groups, and what is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avgraph.config import Experiment, experiment_from_dict
from avgraph.datasets import Files
from avgraph.datasets.files.random_split import TEST, TRAIN, VAL, split_groups, split_rows
from avgraph.errors import ConfigError, DataError
from avgraph.graph.inner_folds import inner_folds


@pytest.mark.parametrize("seed", range(5))
def test_parts_have_their_share_of_the_rows_and_of_every_class(seed: int) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(4), [100, 50, 10, 1]))
    split = split_rows(len(y), 0.1, 0.2, seed, y)
    assert abs((split == TEST).sum() - 0.2 * len(y)) <= 1
    assert abs((split == VAL).sum() - 0.1 * len(y)) <= 1
    for label, size in ((0, 100), (1, 50), (2, 10)):
        assert abs((split[y == label] == TEST).sum() - 0.2 * size) <= 1.5
        assert abs((split[y == label] == VAL).sum() - 0.1 * size) <= 2
    assert split[y == 3].tolist() == [TRAIN]


def test_a_seed_is_a_draw() -> None:
    first, again, other = (split_rows(60, 0.2, 0.2, seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    assert (split_rows(5, 0.0, 0.0, 0) == TRAIN).all()


@pytest.mark.parametrize("seed", range(5))
def test_groups_stay_together(seed: int) -> None:
    group = np.random.default_rng(seed).integers(30, size=600).astype(str)
    split = split_groups(group, 0.1, 0.2, seed, "speakers.txt")
    assert all(len(set(split[group == one])) == 1 for one in set(group))
    assert abs((split == TEST).mean() - 0.2) < 0.04
    assert abs((split == VAL).mean() - 0.1) < 0.04
    assert {TRAIN, VAL, TEST} == set(split_groups(np.array([0, 1, 2, 2, 2, 2]), 0.1, 0.1, seed, "").tolist())
    with pytest.raises(DataError, match=r"speakers\.txt: expected more than 2 groups, one a part at least, got 2"):
        split_groups(np.array([0, 1, 1]), 0.1, 0.2, seed, "speakers.txt")


def test_a_run_of_own_files_has_it(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(20))
    np.save(tmp_path / "y.npy", np.arange(20) % 2)
    (tmp_path / "who.txt").write_text("\n".join("abcde" * 4))
    drawn = {"val": 0.2, "test": 0.2}
    data = Files(root=str(tmp_path), nodes={"audio": {"x": "x.npy", "y": "y.npy", "random_split": drawn}}).load()
    assert [int(data["audio"][f"{part}_mask"].sum()) for part in ("train", "val", "test")] == [12, 4, 4]
    grouped = {"x": "x.npy", "random_split": {**drawn, "group": "who.txt"}}
    data = Files(root=str(tmp_path), nodes={"audio": grouped}).load()
    assert len({row % 5 for row in data["audio"].test_mask.nonzero().flatten().tolist()}) == 1
    assert [Path(name).name for name in data.provenance["files"]] == ["x.npy", "who.txt"]
    (tmp_path / "who.txt").write_text("a\nb")
    with pytest.raises(DataError, match=r"who\.txt \(audio\.random_split\.group\): expected shape \[20\]"):
        Files(root=str(tmp_path), nodes={"audio": grouped}).load()


def test_a_group_is_the_source_of_its_rows(tmp_path: Path) -> None:
    """So that inner folds keep groups whole too: what scores a training row has not seen its speaker."""
    rows = 24
    np.save(tmp_path / "x.npy", np.eye(rows, dtype=np.float32))
    np.save(tmp_path / "y.npy", np.arange(rows) // 3 % 2)
    (tmp_path / "who.txt").write_text("".join(f"s{row // 3}\n" for row in range(rows)))
    np.save(tmp_path / "take.npy", np.arange(rows) // 2)
    drawn = {"x": "x.npy", "y": "y.npy", "random_split": {"val": 0, "test": 0.25, "group": "who.txt"}}
    store = Files(root=str(tmp_path), nodes={"audio": drawn}).load()["audio"]
    assert store.source_file == [f"s{row // 3}" for row in range(rows)]
    train = store.train_mask.nonzero()[:, 0]
    fold = inner_folds(store, train)
    assert all(len(fold[train // 3 == speaker].unique()) == 1 for speaker in (train // 3).unique())
    other = Files(root=str(tmp_path), nodes={"audio": {**drawn, "source": "take.npy"}}).load()["audio"]
    assert other.source_file == [str(row // 2) for row in range(rows)]


def _experiment(**options: object) -> Experiment:
    nodes = {"audio": {"x": "x.npy", "y": "y.npy", **options}, "label": {"name": "n.txt"}}
    return experiment_from_dict({"dataset": {"type": "files", "nodes": nodes}, "method": {"type": "rrnet"}})


def test_a_method_that_needs_training_rows_is_content() -> None:
    assert list(_experiment(random_split={}).missing_labels()) == []
    assert [path for path, _ in _experiment().missing_labels()] == [("dataset", "nodes", "audio", "split")]


def test_mistakes_are_named() -> None:
    def told(**options: object) -> str:
        with pytest.raises(ConfigError) as error:
            _experiment(**options)
        return str(error.value)

    assert "random_split.test: expected val + test below 1, got 1.2" in told(random_split={"val": 0.5, "test": 0.7})
    assert "random_split: split says already which rows train" in told(split="s.txt", random_split={})
    assert "random_split.grup: unknown key; did you mean 'group'?" in told(random_split={"grup": "who.txt"})
