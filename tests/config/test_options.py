"""Strict options: the exact line of every wrong key, type and value."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.config import OptimizerOptions, TrainOptions, experiment_from_dict, load_experiment
from avgraph.errors import ConfigError
from tests.config.conftest import SHORT, Lines

KNOWN = "name, seed, dataset, encoders, graph, method, train, output, graphml, sweep, extends"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("train: {epochs: '5'}", "train.epochs: expected a whole number, got '5'"),
        ("train: {epochs: 5.0}", "train.epochs: expected a whole number, got 5.0"),
        ("train: {epochs: true}", "train.epochs: expected a whole number, got true"),
        ("train: {epochs: null}", "train.epochs: expected a whole number, got null"),
        ("train: {epochs: [1]}", "train.epochs: expected a whole number, got a list"),
        ("train: {epochs: -1}", "train.epochs: expected a number of at least 0, got -1"),
        ("train: {epoch: 1}", "train.epoch: unknown key; did you mean 'epochs'?"),
        ("train: {checkpoint_every: 0}", "train.checkpoint_every: expected a number of at least 1, got 0"),
        ("train: {schedule: cosin}", "train.schedule: expected 'constant', 'cosine' or 'one_cycle', got 'cosin'; "
         "did you mean 'cosine'?"),
        ("train: {precision: 32}",
         "train.precision: expected '32-true', 'bf16-mixed', '16-mixed' or '64-true', got 32"),
        ("train: {device: cuda:x}", "train.device: expected auto, cpu, cuda or cuda:N, got 'cuda:x'"),
        ("train: null", "train: expected a mapping, got null"),
        ("train: 5", "train: expected a mapping, got 5"),
        ("train: {optimizer: sgd}", "train.optimizer: expected a mapping, got 'sgd'"),
        ("train: {optimizer: {type: sdg}}", "train.optimizer.type: expected 'sgd', 'adam' or 'adamw', got 'sdg'; "
         "did you mean 'sgd'?"),
        ("train: {optimizer: {lr: true}}", "train.optimizer.lr: expected a number, got true"),
        ("train: {optimizer: {lr: 0}}", "train.optimizer.lr: expected a number above 0, got 0"),
        ("train: {optimizer: {lr: .nan}}", "train.optimizer.lr: expected a finite number, got nan"),
        ("train: {optimizer: {lr: .inf}}", "train.optimizer.lr: expected a finite number, got inf"),
        ("train: {optimizer: {lr: 1e999}}", "train.optimizer.lr: expected a finite number, got inf"),
        ("train: {optimizer: {type: adam}}",
         "train.optimizer.lr: missing required key (adamw alone has a default)"),
        ("train: {optimizer: {type: sgd}}",
         "train.optimizer.lr: missing required key (adamw alone has a default)"),
        ("train: {optimizer: {momentum: 0.5}}", "train.optimizer.momentum: belongs to sgd, adamw has none"),
        ("train: {optimizer: {type: adam, lr: 1, momentum: 0.5}}",
         "train.optimizer.momentum: belongs to sgd, adam has none"),
        ("train: {optimizer: {type: adamw, lr: 1, nesterov: false}}",
         "train.optimizer.nesterov: belongs to sgd, adamw has none"),
        ("train: {optimizer: {type: sgd, lr: 1, momentum: 0, nesterov: true}}",
         "train.optimizer.nesterov: needs a momentum above 0, got momentum 0"),
        ("train: {optimizer: {type: sgd, lr: 1, momentum: 1}}",
         "train.optimizer.momentum: expected a number below 1, got 1"),
        ("train: {measure_every: -1}", "train.measure_every: expected a number of at least 0, got -1"),
        ("train: {epochs: 5, measure_every: 6, keep: best}",
         "train.measure_every: expected at most epochs, 5, got 6: there is nothing to choose from"),
        ("train: {patience: 3}", "train.patience: nothing is measured during training (measure_every is 0); set "
         "train.measure_every to 1 or more"),
        ("train: {keep: best}", "train.keep: nothing is measured during training (measure_every is 0); set "
         "train.measure_every to 1 or more"),
        ("train: {measure_every: 1, monitor: val/map}", "train.monitor: chooses nothing: keep is 'last' and there is "
         "no patience; set train.keep to best"),
        ("train: {measure_every: 1, goal: min}", "train.goal: chooses nothing: keep is 'last' and there is no "
         "patience; set train.keep to best"),
        ("train: {measure_every: 1, keep: best, monitor: test/map}",
         "train.monitor: expected a metric of the split val, such as val/accuracy, got 'test/map': what rows of the "
         "test choose is no result on them"),
        ("train: {measure_every: 1, keep: best, monitor: accuracy}",
         "train.monitor: expected a metric of the split val, such as val/accuracy, got 'accuracy': what rows of the "
         "test choose is no result on them"),
        ("train: {measure_every: 1, patience: 0}", "train.patience: expected a number of at least 1, got 0"),
        ("train: {measure_every: 1, keep: bset}", "train.keep: expected 'last' or 'best', got 'bset'; did you mean "
         "'best'?"),
        ("train: {log: [tensorbord]}", "train.log.0: expected 'tensorboard', 'wandb' or 'mlflow', got 'tensorbord'; "
         "did you mean 'tensorboard'?"),
        ("train: {log: [mlflow, mlflow]}", "train.log.1: 'mlflow' is listed twice"),
        ("seed: -1", "seed: expected a number of at least 0, got -1"),
        ("seed: 4294967296", "seed: expected a number below 4294967296, got 4294967296"),
        ("sed: 1", "sed: unknown key; did you mean 'seed'?"),
        ("extend: x.yaml", "extend: unknown key; did you mean 'extends'?"),
        ("zzzzz: 1", f"zzzzz: unknown key; known keys: {KNOWN}"),
        ("output: ''", "output: expected text that is not empty, got ''"),
        ("name: 5", "name: expected text, got 5; put it in quotes"),
        ("encoders: null", "encoders: expected a mapping, got null"),
        ("encoders: [a]", "encoders: expected a mapping, got a list"),
        ("encoders: {audio: hashing}", "encoders.audio: expected a mapping with a type, got 'hashing'"),
        ("encoders: {audio: {type: logmel_cn}}",
         "encoders.audio.type: unknown encoder 'logmel_cn'; did you mean 'logmel_cnn'?"),
        ("encoders: {audio: {type: hashing, k: 1}}", "encoders.audio.k: unknown key; known keys: type, channels"),
        ("encoders: {audio: {channels: 3}}", "encoders.audio.type: missing required key (one of logmel_cnn, "
         "logmel_modulation, logmel_patches, picture_cnn, precomputed, logistic_regression, perceptron, "
         "neighbour_votes, hashing, glove, sentence_transformers, clip, clap, text_aligned)"),
        ("graph: {type: knn}", "graph: expected a list, got a mapping"),
        ("graph: [{type: cnn, node: audio, k: 1}]", "graph.0.type: unknown transform 'cnn'; did you mean 'knn'?"),
        ("graph: [{type: zzz}]", "graph.0.type: unknown transform 'zzz'; known types: knn, candidates, complete, "
         "coupling_edges, dependency_edges, memory_edges, infer_dependencies, activation_edges, pair_edges, "
         "compose_edges, corrupt_edges, correct_and_smooth, co_rated, unrated, rating_statistics, rating_model, "
         "or your own, as module:Class"),
        ("graph: [{type: [knn]}]", "graph.0.type: expected text, got a list"),
        ("graph: [{type: knn, k: 1}]", "graph.0.node: missing required key"),
        ("graph: [{type: complete, source: audio, tarjet: label}]", "graph.0.tarjet: unknown key; did you mean "
         "'target'?"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(lines: Lines, text: str, line: str) -> None:
    assert lines(f"{SHORT}\n{text}\n") == [f"x.yaml:4: {line}"]


@pytest.mark.parametrize(
    ("dataset", "line"),
    [
        ("{type: esc5}", "dataset.type: unknown data set 'esc5'; did you mean 'esc50'?"),
        ("{type: esc50, fold: 6}", "dataset.fold: expected a number of at most 5, got 6"),
        ("{type: esc10, fold: 2, val_fold: 2}",
         "dataset.val_fold: expected another fold than the test fold, got 2 for both"),
        ("{type: esc50, on_missing: [downlod]}", "dataset.on_missing.0: expected 'download' or 'synthetic', got "
         "'downlod'; did you mean 'download'?"),
        ("{type: esc50, on_missing: [download, download]}", "dataset.on_missing.1: 'download' is listed twice"),
        ("{type: esc50, root: 5}", "dataset.root: expected text, got 5; put it in quotes"),
        ("{type: esc50, root: ''}", "dataset.root: expected text that is not empty, got ''"),
        ('{type: esc50, root: "a\\0"}', "dataset.root: expected a path, got 'a\\x00'"),
        ("{type: esc50, root: ~nobody-of-that-name/x}", "dataset.root: no home folder for '~nobody-of-that-name'; "
         "write './~nobody-of-that-name/x' if it is not one"),
        ("{type: synthetic, classes: 1}", "dataset.classes: expected a number of at least 2, got 1"),
        ("{type: synthetic, clips_per_class: 4}", "dataset.clips_per_class: expected a number of at least 5, got 4"),
        ("{type: files}", "dataset.nodes: missing required key"),
        ("{type: recordings}", "dataset.root: missing required key"),
        ("{type: recording, root: a}", "dataset.type: unknown data set 'recording'; did you mean 'recordings'?"),
        ("{type: recordings, root: a, seconds: 0.4}", "dataset.seconds: expected a number of at least 0.5, got 0.4"),
        ("{type: recordings, root: a, seconds: 2.25}",
         "dataset.seconds: expected tenths of a second, such as 2.2, got 2.25"),
        ("{type: recordings, root: a, fold: 1}",
         "dataset.fold: folds are a column of a table, and there is none"),
        ("{type: recordings, root: a, table: t.csv, fold: 1, val_fold: 1}",
         "dataset.val_fold: expected another fold than the test fold, got 1 for both"),
        ("{type: recordings, root: a, table: t.csv, fold: 1, random_split: {}}",
         "dataset.fold: random_split draws the rows to test on, of whole recordings"),
        ("{type: recordings, root: a, random_split: {val: 0.5, test: 0.5}}",
         "dataset.random_split.test: expected val + test below 1, got 1"),
        ("{type: recordings, root: a, random_split: {group: g.npy}}",
         "dataset.random_split.group: unknown key; known keys: val, test, seed"),
        ("{type: files, nodes: {}}", "dataset.nodes: expected at least 1 entry, got an empty mapping"),
        ("{type: files, nodes: {audio: {}, label: {x: a.npy}}}",
         "dataset.nodes.audio: expected at least one of x, y, split, name, fold, source, table"),
        ("{type: files, nodes: {audio: {x: a.npy}, label: {z: a.npy}}}",
         "dataset.nodes.label.z: unknown key; known keys: attributes, table, features, x, y, split, name, "
         "random_split, fold, source"),
        ("{type: files, nodes: {audio: {x: a.npy}, label: {x: 5}}}",
         "dataset.nodes.label.x: expected text, got 5; put it in quotes"),
        ("{type: files, nodes: {audio: {x: a.npy}, label: {x: b.npy}}, edges: [{source: audio, target: labl, "
         "relation: has, index: e.npy}]}", "dataset.edges.0.target: no node type 'labl' under nodes; "
         "did you mean 'label'?"),
        ("{type: files, nodes: {audio: {x: a.npy}, label: {x: b.npy}}, edges: [{source: audio, target: label, "
         "index: e.npy}]}", "dataset.edges.0.relation: missing required key"),
        ("x", "dataset: expected a mapping, got 'x'"),
    ],
)  # fmt: skip
def test_one_mistake_in_the_data_set(lines: Lines, dataset: str, line: str) -> None:
    assert lines(f"method: {{type: rrnet}}\ndataset: {dataset}\n") == [f"x.yaml:2: {line}"]


def test_a_missing_key_points_to_what_should_hold_it(lines: Lines) -> None:
    assert lines("# a comment\nname: a\n") == [
        "x.yaml:2: dataset: missing required key",
        "x.yaml:2: method: missing required key",
    ]
    assert lines(SHORT + "graph:\n  - type: complete\n    source: audio\n") == [
        "x.yaml:4: graph.0.target: missing required key"
    ]


def test_all_mistakes_are_told_in_the_order_of_the_file(lines: Lines) -> None:
    text = "seed: x\ntrain: {threads: 0, epochs: -1}\nmethod: {type: rrnet, loss: mse}\ndataset: {type: esc5}\nout: 1\n"
    assert [line.split(": ")[:2] for line in lines(text)] == [
        ["x.yaml:1", "seed"],
        ["x.yaml:2", "train.threads"],
        ["x.yaml:2", "train.epochs"],
        ["x.yaml:3", "method.loss"],
        ["x.yaml:4", "dataset.type"],
        ["x.yaml:5", "out"],
    ]


@pytest.mark.parametrize("name", [".hidden", "a/b", "..", "", "two words", "a" * 101, "ä"])
def test_a_name_must_be_a_folder_name(lines: Lines, name: str) -> None:
    rule = "a name of 1 to 100 letters, digits, '.', '_' or '-' that does not start with a dot"
    shown = repr(name if len(name) <= 60 else name[:57] + "...")
    assert lines(f"name: '{name}'\n{SHORT}") == [f"x.yaml:1: name: expected {rule}, got {shown}"]


def test_the_name_of_the_file_is_the_default_and_must_do_too(tmp_path: Path) -> None:
    path = tmp_path / "my file.yaml"
    path.write_text(SHORT)
    with pytest.raises(ConfigError, match=r"got 'my file', which is the name of the file; add a name$"):
        load_experiment(path)
    assert load_experiment(path, ["name=x"]).name == "x"


def test_a_mapping_has_paths_and_no_lines() -> None:
    with pytest.raises(ConfigError) as caught:
        experiment_from_dict({"dataset": {"type": "esc50", "fold": 0}, "method": {"type": "rrnet"}, "out": {1: 2}})
    assert str(caught.value) == "out: expected text as a key, got 1"
    with pytest.raises(ConfigError) as caught:
        experiment_from_dict({"dataset": {"type": "esc50", "fold": 0}, "method": {"type": "rrnet"}, "out": ()})
    assert str(caught.value).startswith("dataset.fold: expected a number of at least 1, got 0\nout: unknown key;")
    loop: dict[str, object] = {}
    loop["a"] = loop
    with pytest.raises(ConfigError, match=r"^a\.a\.a: nested deeper than 40 levels, or holds itself$"):
        experiment_from_dict(loop)


def test_a_whole_number_may_stand_for_a_number() -> None:
    assert OptimizerOptions(type="adam", lr=1).lr == 1.0
    assert TrainOptions().optimizer == OptimizerOptions(type="adamw", lr=1e-3, weight_decay=5e-4)


@pytest.mark.parametrize(
    ("encoders", "line"),
    [
        ("[]", "encoders.audio: expected at least one encoder, got an empty list"),
        ("5", "encoders.audio: expected a mapping with a type, got 5"),
        ("[{type: logmel_cnn}, 5]", "encoders.audio.1: expected a mapping with a type, got 5"),
        (
            "[{type: logmel_cnn}, {type: logmel_modulatio}]",
            "encoders.audio.1.type: unknown encoder 'logmel_modulatio'; did you mean 'logmel_modulation'?",
        ),
        (
            "[{type: logmel_modulation, shrinkage: 2}]",
            "encoders.audio.0.shrinkage: expected a number of at most 1, got 2",
        ),
        (
            "{type: logmel_modulation, scores: false, shrinkage: 0.4}",
            "encoders.audio.shrinkage: only with scores, whose discriminants it is of",
        ),
        (
            "[{type: logmel_cnn, out_of_fold: false, inner_epochs: 5}]",
            "encoders.audio.0.inner_epochs: only with out_of_fold, whose networks it is of",
        ),
        ("[[{type: logmel_cnn}]]", "encoders.audio.0: expected a mapping with a type, got a list"),
    ],
)
def test_views_of_a_node_type(lines: Lines, encoders: str, line: str) -> None:
    assert lines(SHORT + f"encoders: {{audio: {encoders}}}\n") == [f"x.yaml:3: {line}"]


def test_a_list_of_encoders_keeps_its_order(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(SHORT + "encoders: {audio: [{type: logmel_modulation}, {type: logmel_cnn, epochs: 1}]}\n")
    experiment = load_experiment(file)
    views = experiment.encoders["audio"]
    assert [view.type for view in views] == ["logmel_modulation", "logmel_cnn"]  # type: ignore[union-attr]
    assert experiment_from_dict(experiment.to_dict()) == experiment
