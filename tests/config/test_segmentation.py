"""Options of data sets of segmentation that do not fit each other, by the line that tells."""

from __future__ import annotations

import pytest

from avgraph.config import StampsOptions, experiment_from_dict
from avgraph.config.inputs import problems_of
from avgraph.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"sounds": "own"}, "dataset.protocol: expected 'both' or 'new_clips' with sounds: own, one recording a stamp, "
         "got 'new_recordings'"),
        ({"sounds": "own", "protocol": "both", "esc50_root": "."}, "dataset.esc50_root: not used with sounds: own"),
        ({"protocol": "new_clips", "fold": 2}, "dataset.fold: not used with protocol: new_clips, which holds nothing "
         "out"),
        ({"min_objects": 4}, "dataset.min_objects: expected at most max_objects (3), got 4"),
        ({"silence_share": 0.95}, "dataset.off_screen_share: expected at most 1 together with silence_share 0.95, got "
         "0.08"),
        ({"size": 8}, "dataset.size: expected a number of at least 16, got 8"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_a_line(options: dict[str, object], line: str) -> None:
    with pytest.raises(ConfigError) as told:
        experiment_from_dict({"dataset": {"type": "stamps", **options}, "method": {"type": "rrnet"}})
    assert line in str(told.value)


def test_folders_that_are_not_there_are_told() -> None:
    options = StampsOptions(root="/gone", esc50_root="/", cifar10_root="/lost")
    assert problems_of(options.inputs()) == [
        (("root",), "/gone: no such folder"),
        (("cifar10_root",), "/lost: no such folder"),
    ]
