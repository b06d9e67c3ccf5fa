"""Every benchmark runs: each module through its own ``main``, with the smallest arguments, on made-up data."""

from __future__ import annotations

import doctest
import importlib
import re
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from avgraph.encoders import logmel_modulation
from avgraph.encoders.logmel_modulation import modulation_spectrum
from benchmarks import kept, paired
from benchmarks.defaults import retrieval, tables
from benchmarks.rrnet_ratings import baselines, factors, graphs
from benchmarks.rrnet_ratings.relations import ROWS
from tests.benchmark_data import write_data

FOLDER = Path(__file__).parents[1] / "benchmarks"
TWO_VIEWS = "encoders.audio=[{type: logmel_modulation}, {type: logmel_modulation}]"
FEW = ["--set", "train.epochs=1", "--set", TWO_VIEWS, "--set", "graph.2.k=5", "--folds", "1"]


@dataclass(frozen=True)
class Start:
    """One call of a benchmark: its arguments (``{here}`` is a folder to write in), rows that it prints."""

    module: str
    arguments: list[str]
    rows: tuple[str, ...]


def start(module: str, arguments: str, *rows: str, more: list[str] | None = None) -> Start:
    """Arguments as words; ``more`` are those with spaces."""
    return Start(module, [*arguments.split(), *(more or [])], rows)


SMALL_CLIPS = ["dataset.train_clips=4", "dataset.val_clips=1", "dataset.test_clips=2", "dataset.frames=1",
               "dataset.classes=4", "dataset.recordings=5", "train.epochs=1", "method.width=4"]  # fmt: skip

ALL = ["--set", "dataset.keep=1"]  # the made-up pictures are few

STARTS = [
    start("audio_attention", "--sides 2 3 --frames 2 --repeats 2 --no-memory", "| 2 × 2 |", "| 3 × 3 |"),
    start("big", "--transforms knn --sizes 60 90 --width 4", "| knn | 6e+01 | 60 |", "| knn | 9e+01 | 90 |"),
    start("big", "--transforms approximate coupling candidates memory along --sizes 60 --width 4 --targets 12",
          "| approximate | 6e+01 |", "| coupling | 6e+01 |", "| candidates | 6e+01 |", "| memory | 6e+01 |",
          "| along | 6e+01 |"),
    start("big", "--transforms knn --sizes 60 --width 4 --queries 7", "| knn | 6e+01 | 7 |"),
    start("big", "--peers --sizes 60 --width 4", "| 60 |"),
    start("cmcr", "main --seeds 0 --rows a k", "| chance |", "| class bridge |", "| caption bridge |", "| pairs |",
          "| A |", "| K |"),
    start("cmcr", "bridge --seeds 0 --strongest 3", "| all captions |", "| the 3 strongest |"),
    start("cmcr", "chain --seeds 0", "| sound - words - picture |", "| sound - picture - features |"),
    start("cmcr_step", "--batch 16 --steps 2", "step "),
    start("composed", "--folds 1 --epochs 1", "| spoken caption to text, MAP | m-LTM |",
          "| picture to text, MAP | chance |", "| spoken caption to picture and back, MAP | caption bridge |",
          "| category of a spoken caption, accuracy | RR-Net |"),
    start("coupling", "--batch 8 --width 4 --widths 5 --noise 1.0 --metric full --couplings 2 --repeats 1 --no-memory",
          "| 5 |",
          "| full | 1.0 | ours |", "| full | 1.0 | pot_differences |", "| full | 1.0 | pot_gram |", "| 0.005 | 1.0 |",
          "| ours, batched |", "| POT, batched |"),
    start("dag", "--columns 4 5 --starts 2 --causal-learn-starts 1 --no-compile-time", "| 4 | avgraph GRaSP |",
          "| 5 | causal-learn GRaSP |", "| 5 | causal-learn BOSS |", "| 5 | the true graph |", "fitted growth"),
    start("dag_dense", "--seeds 0 --perturbations 2 --rounds 1", "| one start + 2 perturbations, seed 0 |",
          more=["--set", "encoders.audio={type: logmel_modulation}"]),
    start("dag_dense", "--perturbations 2 --rounds 1 --recovery 2 --columns 8", "| one start + 2 perturbations |"),
    start("dag", "--large 5 --large-starts 2 --large-columns 6", "| 1 |", "true graph: ", "peak resident memory"),
    start("defaults.__main__", "--method rrnet --no-grid --draws 1 --epochs 1 --sets", "| made up |",
          more=["made up"]),
    start("defaults.retrieval", "--seeds 1 --sets 1 --epochs 1 --only lir cmcr --no-grid", "lir | made-up",
          "cmcr | made-up"),
    start("defaults.retrieval", "--seeds 1 --sets 1 --epochs 1 --only mltm --lines {here}/lines.jsonl",
          "mltm | made-up"),
    start("distributed.__main__", "--worlds", "| mltm mltm |", "| lir student |", "| cmcr all terms |",
          "| rrnet bce |", "| mmvae of 1 clip |"),
    start("gpu.__main__", "--device cpu --scale 0.002 --repeats 1 --backend none",
          "| RR-Net unit, 400 edges, 16 wide |", "| RR-Net, 20 clips |", "| InfoNCE, 20 × 512 |", "| memory readout,",
          "| Sinkhorn,", "| audio attention,", "| edge sums by torch,", "| edge sums by scatter,"),
    start("latent_interaction_loss", "--sizes 12,3 --largest 16,3", "    12       3", "batch 16, 3 classes"),
    start("lir", "--seeds 2 --epochs 2", "chance", "CCA", "kernel CCA", "cluster-CCA", "+ proxies + LIR",
          more=["--method", '{"hidden_channels": 16}']),
    start("lir_captions", "--seeds 1 --epochs 5 --json {here}/captions.jsonl --rows distilled identity",
          "130 recordings, 18 events, ", "| no graph |", "| distilled |", "| identity |", "| true co-occurrence |",
          more=["no graph", "true co-occurrence"]),
    start("lir_epoch", "--clips 60 --classes 3 --hidden-channels 8", "  teacher", "  graph", "  student", "  peak"),
    start("lir_graphs", "--seeds 1 --epochs 5 --cooccurrence 0.4 --gammas 0.5 --json {here}/graphs.jsonl",
          "  no regulariser", "  permuted", "  stable", "  distilled", "  true co-occurrence",
          more=["--graphs", "no regulariser", "permuted", "stable", "distilled", "true co-occurrence"]),
    start("lir_teacher", "--sets fsdd_digits --seeds 1 --cooccurrence 0.4 --epochs 3", "  train audio AUC",
          "  edges between classes", "  correlation, true pairs"),
    start("memory", "--queries 4 --memory 9 --width 3 --repeats 1 --growth 5 9 --mapped 50 --no-peak", "| 4 | 9 |",
          "| 64 | 9 |", "mapped float16 file of 50"),
    start("message_passing", "--edges 40 80 --width 4 --repeats 1 --no-memory", "| intra | 4 | 80 |",
          "| inter | 4 | 80 |"),
    start("mmvae.__main__", "--seeds 0 --data shapes --calibration --rows full", "| full |", "  32 samples",
          "| largest object |", more=["TPAVI alone (no latent)", "--set", *SMALL_CLIPS]),
    start("mmvae.step", "--repeats 2", "backbone", "attention", "whole step"),
    start("mltm", "--parts 1 --epochs 1 --losses", "| InfoNCE |", more=["InfoNCE"]),
    start("mltm_epsilon", "--parts 1 --epochs 1 --epsilons 0.05 1 --picture {here}/picture.svg", "| 0.05 |", "| 1.0 |"),
    start("mltm_noise", "--seeds 0 --noise 0.4 --epochs 1 --results {here}/noise.jsonl --losses", "| InfoNCE |",
          more=["InfoNCE"]),
    start("mltm_noise", "--kind outlier --seeds 0 --noise 0.4 --epochs 1 --results {here}/outlier.jsonl --losses",
          "| triplet |", more=["triplet"]),
    start("rrnet", "--sets esc10", "  RR-Net, the paper's settings", "    gain over the CNN",
          "    gain over the discriminants", more=FEW),
    start("rrnet_images.__main__", "baselines --labels all --seeds 0 --keep {here}/kept --set train.epochs=1",
          "| linear |", "| MLP |", "| kNN votes |", "| MLP + kNN votes |", "| label propagation |", "| RR-Net |",
          "| MLP, Correct & Smooth |", more=ALL),
    start("rrnet_images.__main__", "grid --labels 5 --seeds 0 --candidates 3 --near 0 5 --set train.epochs=1",
          "| K = 3, near k = 0 |", "| K = 3, near k = 5 |", more=ALL),
    start("rrnet_images.__main__", "relations --seeds 0 1 --set train.epochs=1", "| whole graph |",
          "| no near edges of pictures |", "| near edges at random |", "| no competition of candidates |",
          "| the encoder that proposes |", more=ALL),
    start("planning", "--batches 8 16 --width 4 --memory 50", "| info_nce | 8 |", "| coupling | 16 |",
          "| readout | 16 |"),
    start("rrnet_minibatch", "--edges 1000 2000 --steps 1", "| 1e+03 | 120 | whole |", "| 2e+03 | 220 | batches |"),
    start("segment", "--edges 40 --channels 4 --repeats 1", "| sum | float32 | 40 | 4 | grouped |",
          "| gather | float32 | 40 | 4 | drawn |", "| softmax | float32 | 40 | 1 | drawn |"),
    start("rrnet_ratings.relations", "--seeds 0 1 --split val --keep {here}/kept --experiment", "all: ", "cold: ",
          *(f"| {row} |" for row in ROWS if not row.startswith("myFM")),
          more=[str(FOLDER.parent / "configs/rrnet/filmtrust.yaml"), "--set", "train.epochs=1",
                "graph=[{type: rating_statistics, folds: 2, neighbours: 5}]"]),
    start("rrnet", "--ablations", "  as it is", "  width 64", more=[*FEW, "--rows", "as it is", "width 64"]),
    start("rrnet_ratings.__main__", "--seeds 0 --split val --experiment", "| global mean (median) |", "| biased MF |",
          "| SVD++ |", "| LightGCN |", "| item-kNN on residuals |", "| gradient boosting on statistics |", "| RR-Net |",
          more=[str(FOLDER.parent / "configs/rrnet/filmtrust.yaml"), "--set", "train.epochs=1",
                "graph=[{type: rating_statistics, folds: 2}]", "--only", "global mean (median)", "biased MF", "SVD++",
                "LightGCN", "item-kNN on residuals", "gradient boosting on statistics", "RR-Net"]),
]  # fmt: skip


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("benchmark_data"))


@pytest.fixture(autouse=True)
def data_folder(made_up: Path, monkeypatch: pytest.MonkeyPatch, no_figures: None) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(made_up))
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: made_up / "cache" / name)
    # Discriminants on all columns take seconds each time.
    monkeypatch.setattr(f"{logmel_modulation.__name__}.modulation_spectrum", lambda x: modulation_spectrum(x)[:, ::16])
    monkeypatch.setattr(f"{factors.__name__}.STEPS", 20)
    monkeypatch.setattr(f"{baselines.__name__}.TREES", 3)


@pytest.mark.slow
@pytest.mark.parametrize("one", STARTS, ids=[f"{one.module} {' '.join(one.arguments)[:40]}" for one in STARTS])
def test_a_table_comes_out(one: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [argument.format(here=tmp_path) if "{here}" in argument else argument for argument in one.arguments]
    importlib.import_module(f"benchmarks.{one.module}").main(arguments)
    out = capsys.readouterr().out
    for row in one.rows:
        lines = [line for line in out.splitlines() if line.startswith(row)]
        assert lines, f"no row {row!r} in:\n{out}"
        assert re.search(r"\d", lines[0].removeprefix(row)), f"no number: {lines[0]}"
    assert not re.search(r"\b(nan|inf)\b", out), out


def test_a_grid_has_settings_that_there_are() -> None:
    for method, settings in retrieval.GRID.items():
        for setting in settings:
            declared: Any = retrieval.declared(method, 0, setting).to_dict()
            for key, value in setting.items():
                assert reduce(getitem, key.split("."), declared) == value


@pytest.mark.parametrize("module", [tables, paired, kept, graphs], ids=lambda module: module.__name__)
def test_examples_are_true(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_a_cell_is_in_percent() -> None:
    assert tables.cell([0.25]) == "25.0 ± 0.0"


def test_no_benchmark_is_forgotten() -> None:
    texts = {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.py")
        if path.name != "__init__.py"
    }
    commands = {module for module, text in texts.items() if 'if __name__ == "__main__":\n    main()' in text}
    assert commands == {one.module for one in STARTS}
    for module in texts.keys() - commands:  # the others are parts of them
        package, _, name = f"benchmarks.{module}".rpartition(".")
        used = rf"from {package}\.{name} import|from {package} import .*\b{name}\b"
        assert any(re.search(used, text) for text in texts.values()), f"{module} is no command, and none imports it"
