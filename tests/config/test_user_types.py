"""`type: module:Class`: a user's own class, found beside the YAML file and checked by its signature."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from avgraph.config import dump_experiment, load_experiment
from avgraph.config.importing import import_target
from avgraph.errors import ConfigError
from tests.config.conftest import SHORT, Lines

MODULE = """
class Data:
    def __init__(self, size, *, seed=0):
        self.size, self.seed = size, seed
    def load(self):
        from torch_geometric.data import HeteroData
        data = HeteroData()
        data.given = self.size, self.seed
        return data

class Step:
    def __init__(self, **options):
        self.options = options
    def __call__(self, data):
        return data

class PositionOnly:
    def __init__(self, size, /):
        pass
    def load(self):
        pass

def function():
    pass

class Method:
    pass
"""


@pytest.fixture(autouse=True)
def modules(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "mine_to_import.py").write_text(MODULE)
    (tmp_path / "mine_broken.py").write_text("raise RuntimeError('first\\nsecond')\n")
    (tmp_path / "mine_syntax.py").write_text("def\n")
    (tmp_path / "mine_exit.py").write_text("import sys\nsys.exit(3)\n")
    before = list(sys.path)
    yield
    assert sys.path == before
    for name in [name for name in sys.modules if name.startswith("mine_")]:
        del sys.modules[name]


def test_a_class_beside_the_file(tmp_path: Path) -> None:
    text = "dataset: {type: mine_to_import:Data, size: [1, a], seed: .inf}\nmethod: {type: mine_to_import:Method}\n"
    (tmp_path / "x.yaml").write_text(text + "graph: [{type: mine_to_import:Step, any: {thing: goes}}]\n")
    experiment = load_experiment(tmp_path / "x.yaml")
    assert experiment.dataset.arguments() == {"size": [1, "a"], "seed": float("inf")}
    assert type(experiment.dataset.arguments()["size"][1]) is str
    assert experiment.dataset.load().given == ([1, "a"], float("inf"))


def test_the_graph_of_own_classes_is_not_checked(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "dataset: {type: mine_to_import:Data, size: 1}\nencoders: {anything: {type: hashing}}\n"
        "method: {type: rrnet, source: a, target: b}\ngraph: []\n"
    )
    assert load_experiment(tmp_path / "x.yaml").method.node_fields() == {"source": "a", "target": "b"}
    (tmp_path / "y.yaml").write_text(SHORT + "graph: [{type: mine_to_import:Step}]\n")
    assert load_experiment(tmp_path / "y.yaml").graph is not None


@pytest.mark.parametrize(
    ("dataset", "found"),
    [
        ("{type: mine_absent:X}",
         ["type: cannot import 'mine_absent': ModuleNotFoundError: No module named 'mine_absent'"]),
        ("{type: mine_broken:X}", ["type: cannot import 'mine_broken': RuntimeError: first"]),
        ("{type: mine_syntax:X}",
         ["type: cannot import 'mine_syntax': SyntaxError: invalid syntax (mine_syntax.py, line 1)"]),
        ("{type: mine_exit:X}", ["type: cannot import 'mine_exit': SystemExit: 3"]),
        ("{type: mine_to_import:Dat}", ["type: module 'mine_to_import' has no 'Dat'"]),
        ("{type: 'mine_to_import:'}", ["type: expected module:Class, got 'mine_to_import:'"]),
        ("{type: '.mine:X'}", ["type: expected module:Class, got '.mine:X'"]),
        ("{type: mine_to_import:function}",
         ["type: expected a class, got 'mine_to_import:function', a function"]),
        ("{type: mine_to_import:Step}",
         ["type: expected a class with a method load, got 'mine_to_import:Step', which has none"]),
        ("{type: mine_to_import:PositionOnly}",
         ["type: 'PositionOnly' takes 'size' by position only, expected keywords"]),
        ("{type: mine_to_import:Data, sed: 1}",
         ["size: missing required key of 'Data'", "sed: unknown key; did you mean 'seed'?"]),
        ("{type: mine_to_import:Data, sise: 1}", ["sise: unknown key; did you mean 'size'?"]),
        ("{type: mine_to_import:Data, size: 1, zzz: 1}",
         ["zzz: unknown key; known keys: size, seed"]),
    ],
)  # fmt: skip
def test_a_class_that_cannot_be_taken(lines: Lines, dataset: str, found: list[str]) -> None:
    lines_found = lines(f"method: {{type: mine_to_import:Method}}\ndataset: {dataset}\n")
    assert lines_found == [f"x.yaml:2: dataset.{line}" for line in found]


def test_the_folder_of_the_file_that_wrote_the_type(lines: Lines, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine_below.py").write_text("class Below:\n    pass\n")
    base = "method: {type: mine_below:Below, k: 1}\ndataset: {type: synthetic}\n"
    assert lines("extends: sub/base.yaml\n", sub__base=base) == [
        "sub/base.yaml:1: method.k: unknown key; known keys: none"
    ]


def test_a_run_finds_the_class_again_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "dataset: {type: mine_to_import:Data, size: 1}\nmethod: {type: mine_to_import:Method}\n"
    (tmp_path / "x.yaml").write_text(text)
    first = load_experiment(tmp_path / "x.yaml")
    assert first.dataset.type == str(tmp_path / "mine_to_import:Data")
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    run.mkdir()
    elsewhere.mkdir()
    (run / "config.yaml").write_text(dump_experiment(first))
    del sys.modules["mine_to_import"]
    monkeypatch.chdir(elsewhere)
    again = load_experiment(run / "config.yaml")
    assert again == first
    assert again.dataset.load().given == (1, 0)


def test_an_installed_module_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("dataset: {type: avgraph.datasets:Synthetic, classes: 3}\nmethod: {type: rrnet}\n")
    assert load_experiment(tmp_path / "x.yaml").dataset.type == "avgraph.datasets:Synthetic"


def test_a_module_of_the_same_name_elsewhere_is_not_taken_for_it(tmp_path: Path) -> None:
    assert import_target("mine_to_import:Data", [str(tmp_path)]).__name__ == "Data"
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine_to_import.py").write_text("class Data: pass\n")
    with pytest.raises(ConfigError, match=r"^module 'mine_to_import' of .*other.* is hidden by .*rename it$"):
        import_target("mine_to_import:Data", [str(other)])
