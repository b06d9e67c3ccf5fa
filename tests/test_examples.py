"""The examples run as they stand: the script as a new user starts it, the experiments as far as validation."""

import subprocess
import sys
from pathlib import Path

import pytest

from avgraph.config import load_experiment
from avgraph.export import read_graphml

ROOT = Path(__file__).parents[1]


def test_custom_graph_learns_and_exports(tmp_path: Path) -> None:
    script = ROOT / "examples" / "custom_graph.py"
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert float(done.stdout.split("trained on: ")[1].split()[0]) > 0.4
    graph = read_graphml(tmp_path / "birds.graphml")
    assert graph["bird", "candidate", "species"].probability.shape == (240,)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("configs/*/*.yaml")]), ids=str)
def test_experiments_are_valid(path: Path) -> None:
    experiment = load_experiment(path)
    assert experiment.name.startswith(f"{experiment.method.type}-")
