"""Runs are compared by fold and seed, whatever the order; what has no partner, or no p value, is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from scipy import stats

from avgraph import compare_runs
from avgraph.cli import main
from avgraph.errors import DataError
from tests.run_folders import REAL, write_folds, write_run

OURS = {1: 0.81, 2: 0.84, 3: 0.86, 4: 0.80, 5: 0.79}
THEIRS = {5: 0.78, 4: 0.80, 3: 0.83, 2: 0.80, 1: 0.80}


def accuracies(values: dict[int, float], **more: float) -> dict[int, dict[str, float]]:
    return {fold: {"train/accuracy": 1.0, "test/accuracy": value, **more} for fold, value in values.items()}


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    ours = {fold: {**row, "test/fused_accuracy": THEIRS[fold]} for fold, row in accuracies(OURS).items()}
    return (
        write_folds(tmp_path / "a", ours, name="ours"),
        write_folds(tmp_path / "b", accuracies(THEIRS), name="theirs"),
    )


def test_pairs_are_of_equal_fold_and_figures_are_scipys(two: tuple[Path, Path]) -> None:
    (row,) = compare_runs(two).rows
    one, other = list(OURS.values()), [THEIRS[fold] for fold in OURS]
    assert row.found is not None
    assert [pair[0] for pair in row.pairs] == [("dataset.fold", fold) for fold in OURS]
    t = stats.ttest_rel(one, other)
    assert (row.found.t_p, row.found.interval) == (t.pvalue, tuple(t.confidence_interval(0.95)))
    assert row.found.wilcoxon_p == stats.wilcoxon(one, other).pvalue
    assert (row.t_holm, row.wilcoxon_holm) == (row.found.t_p, row.found.wilcoxon_p)  # of one comparison


def test_a_baseline_of_the_run_itself_is_the_same_comparison(two: tuple[Path, Path]) -> None:
    (row,) = compare_runs([two[0]], baselines=["test/fused_accuracy"]).rows
    (other,) = compare_runs(two).rows
    assert row.found == other.found
    assert row.other.label == "ours: test/fused_accuracy"


def test_single_runs_of_one_configuration_are_one_setting(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / f"{epochs}-{seed}", {"test/accuracy": epochs / 10 + seed / 100}, seed=seed, epochs=epochs)
        for seed in (2, 0, 1)
        for epochs in (3, 5)
    ]
    found = compare_runs(runs)
    assert [series.label for series in found.series] == ["one (train.epochs=3)", "one (train.epochs=5)"]
    assert [len(series.values) for series in found.series] == [3, 3]
    (row,) = found.rows
    assert row.found is not None
    assert row.found.difference == pytest.approx(-0.2)
    assert row.found.t_p is None
    assert found.notes[1] == "A − B: all pairs differ alike, so that there is no spread to test against"


def test_validation_folds_and_the_machine_make_no_other_setting(tmp_path: Path) -> None:
    runs = []
    for fold in (1, 2):
        dataset = {"fold": fold, "val_fold": fold + 1}
        runs.append(write_run(tmp_path / f"{fold}", {"test/accuracy": 0.5, "test/other": 0.4}, dataset=dataset))
    (series, _) = compare_runs(runs, baselines=["test/other"]).series
    assert len(series.values) == 2


def test_all_pairs_or_one_reference_with_holm_over_them(tmp_path: Path) -> None:
    values = [[0.5, 0.6, 0.7], [0.55, 0.7, 0.71], [0.4, 0.61, 0.5]]
    folders = [
        write_folds(tmp_path / str(k), accuracies(dict(enumerate(row, 1))), name=f"run-{k}")
        for k, row in enumerate(values)
    ]
    found = compare_runs(folders)
    assert [(row.one.letter, row.other.letter) for row in found.rows] == [("A", "B"), ("A", "C"), ("B", "C")]
    by_p = sorted(found.rows, key=lambda row: row.found.t_p)  # type: ignore[union-attr, arg-type, return-value]
    assert by_p[0].t_holm == pytest.approx(3 * by_p[0].found.t_p)  # type: ignore[union-attr, operator]
    rows = compare_runs(folders, against=folders[1]).rows
    assert [(row.one.letter, row.other.letter) for row in rows] == [("A", "B"), ("C", "B")]
    with pytest.raises(DataError, match="against: elsewhere is none of the runs"):
        compare_runs(folders, against="elsewhere")


def test_runs_without_a_partner_are_named_and_one_pair_has_no_p(tmp_path: Path) -> None:
    one = write_folds(tmp_path / "a", accuracies({1: 0.5, 2: 0.6}), name="a")
    other = write_folds(tmp_path / "b", accuracies({2: 0.7, 3: 0.8}), name="b")
    found = compare_runs([one, other])
    assert found.rows[0].unmatched == (one / "fold-1", other / "fold-3")
    assert found.notes == (
        f"A − B: without a partner, left out: {one / 'fold-1'}, {other / 'fold-3'}",
        "A − B: one pair, fold 2, seed 0; no p value without a second",
    )
    third = write_folds(tmp_path / "c", accuracies({2: 0.7}), name="c", seed=1)
    found = compare_runs([one, third])
    assert found.rows[0].found is None
    assert "no run of the one has the fold, seed and split of one of the other" in found.notes[1]


def folds_and_seeds(place: Path, name: str, gain: float) -> Path:
    """Three folds whose seeds hardly differ."""
    for fold in (1, 2, 3):
        for seed in (0, 1, 2):
            value = 0.6 + 0.1 * fold + gain * fold + 0.001 * seed
            write_run(
                place / f"fold-{fold}-seed-{seed}",
                {"test/accuracy": value},
                name=name,
                seed=seed,
                dataset={"fold": fold},
            )
    (place / "config.yaml").write_bytes((place / "fold-1-seed-0" / "config.yaml").read_bytes())
    (place / "folds.json").write_text(json.dumps({"folds": [1, 2, 3], "seeds": [0, 1, 2]}), encoding="utf-8")
    (place / "metrics.json").write_text(json.dumps({"experiment": name, "data": REAL}), encoding="utf-8")
    return place


def test_seeds_of_a_fold_are_no_further_pairs(tmp_path: Path) -> None:
    found = compare_runs([folds_and_seeds(tmp_path / "a", "a", 0.01), folds_and_seeds(tmp_path / "b", "b", 0.0)])
    (row,) = found.rows
    assert (len(row.pairs), row.units) == (9, 3)
    assert row.found is not None
    once = stats.ttest_rel([0.01, 0.02, 0.03], [0.0, 0.0, 0.0])
    assert row.found.pairs == 3
    assert row.found.t_p == pytest.approx(once.pvalue)
    assert row.found.interval == pytest.approx(tuple(once.confidence_interval(0.95)))
    assert "A − B: 9 runs of 3 folds or splits; the tests are of their means over seeds" in found.notes


def test_seeds_of_one_fold_are_told_to_say_nothing_of_other_data(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / f"{epochs}-{seed}", {"test/accuracy": epochs / 10 + (seed * epochs) / 100}, seed=seed,
                  epochs=epochs, dataset={"fold": 2})
        for seed in (0, 1, 2) for epochs in (3, 5)
    ]  # fmt: skip
    found = compare_runs(runs)
    assert found.rows[0].units is None
    assert found.rows[0].found is not None
    assert found.rows[0].found.pairs == 3
    told = "A − B: all seeds are of fold 2; the tests say how training varies, nothing of other data"
    assert told in found.notes


def test_the_smallest_p_of_wilcoxon_is_told(two: tuple[Path, Path]) -> None:
    notes = compare_runs(two).notes
    assert "Wilcoxon's p of 4 unequal pairs is 2 / 2^4 = 0.125 at best, not below 0.05" in notes


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    one = write_run(tmp_path / "a", {"test/accuracy": 0.5})
    again = write_run(tmp_path / "b", {"test/accuracy": 0.5})
    with pytest.raises(DataError, match=r"a and .*b: the same settings, seed 0; leave one out"):
        compare_runs([one, again])
    with pytest.raises(DataError, match="nothing to compare; name a second one, or another metric"):
        compare_runs([one])
    with pytest.raises(DataError, match=r"no metric 'test/acuracy'; did you mean 'test/accuracy'\?"):
        compare_runs([one], metric="test/acuracy")
    made_up = write_run(
        tmp_path / "c", {"test/accuracy": 0.5}, name="c", data={"dataset": "esc50", "source": "synthetic"}
    )
    with pytest.raises(DataError, match=r"a is of esc50 \(real\), .*c of esc50 \(synthetic\): their numbers cannot"):
        compare_runs([one, made_up])
    stopped = write_run(tmp_path / "d", None)
    with pytest.raises(DataError, match="d: has not finished"):
        compare_runs([one, stopped])
    with pytest.raises(DataError, match="not the folder of a run"):
        compare_runs([tmp_path])
    with pytest.raises(DataError, match="expected at least one"):
        compare_runs([])
    other = write_run(tmp_path / "e", {"val/mae": 0.5}, name="e")
    with pytest.raises(DataError, match="no metric of the test split in common"):
        compare_runs([one, other])


def test_on_the_command_line(two: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(main, ["compare", *map(str, two)])
    assert done.exit_code == 0, done.output
    for text in ("test/accuracy, more is better", "ours", "0.8200 ± 0.0292", "+0.0180", "4/1/0", "note: Wilcoxon"):
        assert text in done.output
    done = CliRunner().invoke(main, ["compare", *map(str, two), "--with", "test/accuracy", "--json"])
    written = json.loads(done.stdout)
    assert [len(row["values"]) for row in written["comparisons"]] == [5, 5, 5]
    assert written["comparisons"][0]["found"]["pairs"] == 5
