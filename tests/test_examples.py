"""The examples run as they stand: the script as a new user starts it, the experiments as far as validation."""

from pathlib import Path

import pytest

from avgraph.config import load_experiment
from avgraph.export import read_graphml
from tests.forking import ForkServer

ROOT = Path(__file__).parents[1]


def test_custom_graph_learns_and_exports(tmp_path: Path, fork_server: ForkServer) -> None:
    script = ROOT / "examples" / "custom_graph.py"
    code = f"import os, runpy\nos.chdir({str(tmp_path)!r})\nrunpy.run_path({str(script)!r}, run_name='__main__')\n"
    child = fork_server.start(python=code)
    assert child.wait() == 0, child.error
    assert float(child.output.split("trained on: ")[1].split()[0]) > 0.4
    graph = read_graphml(tmp_path / "birds.graphml")
    assert graph["bird", "candidate", "species"].probability.shape == (240,)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("configs/*/*.yaml")]), ids=str)
def test_experiments_are_valid(path: Path) -> None:
    experiment = load_experiment(path)
    assert experiment.name.startswith(f"{experiment.method.type}-")
