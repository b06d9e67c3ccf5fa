"""Tables on the terminal: names are printed as they are."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.cli.printing import print_metrics


def test_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics({"experiment": "a [kg]", "test/speed [m/s]": 0.5, "test/[/x]": 0.25})
    printed = capsys.readouterr().out
    for text in ("a [kg]", "speed [m/s]", "[/x]"):
        assert text in printed


def test_names_of_columns_are_no_markup(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[:, 1] += 2 * x[:, 0]
    np.savetxt(tmp_path / "t.csv", x, delimiter=",", header="weight [kg],[/unit] t", comments="")
    arguments = ["discover", str(tmp_path / "t.csv"), "-o", str(tmp_path / "dag.graphml")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for name in ("weight [kg]", "[/unit] t"):
        assert name in result.output
