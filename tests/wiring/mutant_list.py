"""Hand-made mutants of how options are passed on: each ignores one option, and names the rows that must notice.

``Mutant(module, old, new, *rows)``: ``old`` must be in the module exactly once. ``rows`` are beginnings of test names,
``<component>: <option>``, or names of tests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One patch of one module and the tests that are to fail with it."""

    module: str
    old: str
    new: str
    tests: tuple[str, ...]


def mutant(module: str, old: str, new: str, *tests: str) -> Mutant:
    """A row of the list."""
    return Mutant(f"avgraph.{module}", old, new, tests)


RRNET, RRNET_MODEL, RRNET_OPTIONS = "methods.rrnet.task", "methods.rrnet.model", "methods.rrnet.options"
RRNET_LOSS, RRNET_FEATURES = "methods.rrnet.objective", "methods.rrnet.features"
OF_RRNET = [
    mutant(RRNET_MODEL, "IntraUnit(h, aggr=aggr, ", "IntraUnit(h, ", "method rrnet: aggr"),
    mutant(RRNET_MODEL, "InterUnit(h, aggr=aggr)", "InterUnit(h)", "method rrnet: aggr"),
    mutant(RRNET_MODEL, ", incidence=incidence)", ")", "method rrnet: incidence"),
    mutant(RRNET_MODEL, "nn.Dropout(dropout)", "nn.Dropout(0.0)", "method rrnet: dropout"),
    mutant(RRNET, "            aggr=options.aggr,\n", "", "method rrnet: aggr"),
    mutant(RRNET, "            incidence=options.incidence,\n", "", "method rrnet: incidence"),
    mutant(RRNET, "            dropout=options.dropout,\n", "", "method rrnet: dropout"),
    mutant(RRNET_LOSS, "reduction=options.reduction)", 'reduction="mean")', "method rrnet: reduction"),
    mutant(RRNET_LOSS, 'surprise.mean() if options.reduction == "mean" else surprise.sum()', "surprise.mean()",
           "method rrnet: reduction"),
    mutant(RRNET, "            hidden_channels=options.hidden_channels,\n", "", "method rrnet: hidden_channels"),
    mutant(RRNET, "            intra_units=options.intra_units,\n", "", "method rrnet: intra_units"),
    mutant(RRNET, "            inter_units=options.inter_units,\n", "", "method rrnet: inter_units"),
    mutant(RRNET_OPTIONS, "k=10)", "k=9)", "experiment: graph"),
    mutant(RRNET_OPTIONS, "k=2)", "k=1)", "experiment: graph"),
    mutant(RRNET_OPTIONS, "k=20)", "k=10)", "experiment: graph"),
    mutant("config.defaults", '"graph": list(recipe)}', '"graph": []}', "experiment: graph"),
    mutant(RRNET_FEATURES, "if options.standardize:", "if False:", "method rrnet: standardize"),
    mutant(RRNET_FEATURES, 'if options.edge_score and "edge_weight" in store:', "if False:",
           "method rrnet: edge_score"),
    mutant(RRNET_FEATURES, "and options.node_score:", "and False:", "method rrnet: node_score"),
    mutant(RRNET_FEATURES, "and options.known_labels:", "and False:", "method rrnet: known_labels"),
    mutant(RRNET, "options.product and not", "not", "method rrnet: product"),
    mutant(RRNET, "if self.starts_scored:\n            nn.init", "if False:\n            nn.init",
           "method rrnet: baseline_logit"),
    mutant(RRNET, "return logits + self.offset if self.starts_scored else logits", "return logits",
           "method rrnet: baseline_logit"),
    mutant(RRNET_LOSS, 'if options.loss == "bce":', "if True:", "method rrnet: loss"),
    mutant(RRNET, "batch_size=self.options.batch_size, sampler", "batch_size=24, sampler", "method rrnet: batch_size"),
    mutant(RRNET, "self.options.fan_out, rng", "None, rng", "method rrnet: fan_out"),
    mutant(RRNET, 'each_edge=self.options.loss == "bce"', "each_edge=True", "method rrnet: loss"),
    mutant(RRNET, 'self.inter = (options.source, "candidate", options.target)',
           'self.inter = ("audio", "candidate", options.target)', "method rrnet: source"),
    mutant(RRNET, 'self.inter = (options.source, "candidate", options.target)',
           'self.inter = (options.source, "candidate", "label")', "method rrnet: target"),
]  # fmt: skip

CMCR = "methods.cmcr.task"
OF_CMCR = [
    mutant(CMCR, "if self.options.renormalize:", "if True:", "method cmcr: renormalize"),
    mutant(CMCR, '{"final_relu": options.final_relu, "half"', '{"final_relu": False, "half"',
           "method cmcr: final_relu"),
    mutant(CMCR, '"half": options.half}', '"half": False}', "method cmcr: half"),
    mutant(CMCR, "read_links(self.graph, options.recall,", 'read_links(self.graph, "softmax",', "method cmcr: recall="),
    mutant(CMCR, "semantic_noise(x, self.options.noise_variance)", "semantic_noise(x, 0.004)",
           "method cmcr: noise_variance"),
    mutant(CMCR, "x + self.options.noise_variance**0.5", "x + 0.004**0.5", "method cmcr: noise_variance"),
    mutant(CMCR, " temperature=self.options.temperature,", " temperature=0.01,", "method cmcr: temperature"),
    mutant(CMCR, "pseudo_temperature=self.options.pseudo_temperature,", "pseudo_temperature=0.01,",
           "method cmcr: pseudo_temperature"),
    mutant(CMCR, "options.recall, options.recall_temperature, seed", "options.recall, 0.01, seed",
           "method cmcr: recall_temperature"),
    mutant(CMCR, 'options.rows == "all"', "False", "method cmcr: rows"),
    mutant(CMCR, "temperature=options.recall_temperature, whole", "temperature=0.01, whole",
           "method cmcr: recall_temperature"),
    mutant("methods.cmcr.objective", "info_nce(v, a, pseudo_temperature)", "info_nce(v, a, temperature)",
           "method cmcr: pseudo_temperature"),
    mutant(CMCR, "width, options.hidden_channels, ", "width, 1024, ", "method cmcr: hidden_channels"),
    mutant(CMCR, "hidden_channels, options.channels, ", "hidden_channels, 512, ", "method cmcr: channels"),
    mutant(CMCR, "intra_weight=self.options.intra_weight,", "intra_weight=0.1,", "method cmcr: intra_weight"),
    mutant(CMCR, "align = self.options.intra_spaces is None or", "align = True or", "method cmcr: intra_spaces"),
    mutant(CMCR, "], self.options.batch_size,", "], 10240,", "method cmcr: batch_size"),
    mutant(CMCR, "(options.edges_per_item, ", "(0, ", "method cmcr: edges_per_item"),
    mutant(CMCR, ", options.edge_items)", ", 100)", "method cmcr: edge_items"),
    mutant(CMCR, "(self.options.heads or {}).get(space)", "None", "method cmcr: heads"),
    mutant(CMCR, "overlap=self.options.overlap_loss", "overlap=True", "method cmcr: overlap_loss"),
    mutant(CMCR, "pseudo=self.options.pseudo_loss", "pseudo=True", "method cmcr: pseudo_loss"),
]  # fmt: skip

LIR, LIR_OBJECTIVE, LIR_NETWORK = "methods.lir.task", "methods.lir.objective", "methods.lir.network"
LIR_OPTIONS = "methods.lir.options"
OF_LIR = [
    mutant(LIR_OBJECTIVE, '{"margin": options.margin}', '{"margin": 1.2}', "method lir: margin"),
    mutant(LIR_OBJECTIVE, "LOSSES[options.loss](", 'LOSSES["triplet"](', "method lir: loss"),
    *(mutant("options.dependency_search", f'            "{option}": self.{option},\n', "", f"method lir: {option}")
      for option in ("signs", "l1", "restarts", "penalty_discount")),
    mutant("options.dependency_search", '            "ridge": self.ridge,\n', "", "test_ridge_is"),
    mutant("dag.dependencies", "l1=l1, ridge=ridge, signs=signs", "l1=l1, signs=signs", "test_ridge_is"),
    mutant("dag.dependencies", "        ridge=ridge,\n", "", "test_ridge_is"),
    mutant(LIR_NETWORK, "            weighting=options.weighting,\n", "", "method lir: weighting"),
    mutant(LIR_NETWORK, "            intra_weight=options.intra_weight,\n", "", "method lir: intra_weight"),
    mutant(LIR_NETWORK, "            inter_weight=options.inter_weight,\n", "", "method lir: inter_weight"),
    mutant(LIR_NETWORK, "            threshold=options.threshold,\n", "", "method lir: threshold"),
    mutant(LIR, "            options.threshold,\n", "            0.5,\n", "method lir: threshold"),
    mutant(LIR_NETWORK, "mask_own_pair=options.mask_own_pair)", "mask_own_pair=False)", "method lir: mask_own_pair"),
    mutant(LIR_NETWORK, "dropout=options.dropout,", "dropout=0.15,", "method lir: dropout"),
    mutant(LIR, "standardize=options.standardize)", "standardize=True)", "method lir: standardize"),
    mutant(LIR_NETWORK, "layers=options.layers,", "layers=3,", "method lir: layers"),
    mutant(LIR_NETWORK, "hidden_channels=options.hidden_channels,", "hidden_channels=1024,",
           "method lir: hidden_channels"),
    mutant(LIR, "batch_size=self.options.batch_size, sampler", "batch_size=400, sampler", "method lir: batch_size"),
    mutant(LIR_NETWORK, "in_channels if options.proxies else ()", "in_channels", "method lir: proxies"),
    mutant(LIR_OBJECTIVE, "if options.semantic_alignment:", "if True:", "method lir: semantic_alignment"),
    mutant(LIR_OBJECTIVE, "options.interaction_weight * value", "0.005 * value", "method lir: interaction_weight"),
    mutant(LIR_OPTIONS, "2 * epochs // 5 if self.teacher_epochs is None else self.teacher_epochs", "0",
           "method lir: teacher_epochs"),
    mutant("methods.lir.teacher", 'self.options.dependencies == "random"', "False", "method lir: dependencies"),
    mutant("methods.lir.teacher", 'self.options.dependencies == "identity"', "False", "method lir: dependencies"),
    mutant(LIR, "if taken else None", "if False else None", "method lir: dependencies"),
    mutant("methods.lir.teacher", "sorted(set(options.snapshot_epochs))", "[]", "method lir: snapshot_epochs"),
    mutant(LIR, "if every and", "if False and", "method lir: measure_every"),
    mutant(LIR_OPTIONS, "return (self.audio,", 'return ("audio",', "method lir: audio"),
    mutant(LIR_OPTIONS, "(self.audio, self.visual,", '(self.audio, "visual",', "method lir: visual"),
    mutant(LIR_OPTIONS, "self.visual, self.concept)", 'self.visual, "concept")', "method lir: concept"),
]  # fmt: skip

MLTM, MLTM_OBJECTIVE = "methods.mltm.task", "methods.mltm.objective"
OF_MLTM = [
    mutant(MLTM_OBJECTIVE, "x @ y.T / options.temperature", "x @ y.T / 0.07", "method mltm: temperature"),
    mutant(MLTM_OBJECTIVE, "info_nce(x, y, options.temperature)", "info_nce(x, y, 0.07)", "method mltm: temperature"),
    mutant(MLTM_OBJECTIVE, ", margin=options.margin)", ")", "method mltm: margin"),
    mutant(MLTM_OBJECTIVE, "options.entropy_weight * (", "0.05 * (", "method mltm: entropy_weight"),
    mutant(MLTM_OBJECTIVE, "SinkhornConv(self.options.epsilon, ", "SinkhornConv(0.05, ", "method mltm: epsilon"),
    mutant(MLTM_OBJECTIVE, "epsilon, self.options.mass, ", "epsilon, None, ", "method mltm: mass"),
    mutant(MLTM_OBJECTIVE, 'if options.loss == "mltm":', "if True:", "method mltm: loss"),
    mutant(MLTM_OBJECTIVE, 'if options.loss == "triplet":', "if False:", "method mltm: loss"),
    mutant(MLTM, "nn.Dropout(self.options.dropout)", "nn.Dropout(0.2)", "method mltm: dropout"),
    mutant(MLTM, "self.options.threshold / max", "0.01 / max", "method mltm: threshold"),
    mutant(MLTM, 'options.metric if options.loss == "mltm" else "euclidean"', '"full"', "method mltm: metric"),
    mutant(MLTM, 'self.options.epsilon)["plan"]', '0.05)["plan"]', "method mltm: epsilon"),
    mutant(MLTM, "shuffled_partners(own, options.noise, seed)", "own", "method mltm: noise"),
    mutant(MLTM, "kind, options.batch_size, seed", "kind, 256, seed", "method mltm: batch_size"),
    mutant(MLTM, "most = {}, self.options.train_sounds", "most = {}, 2000", "method mltm: train_sounds"),
    mutant(MLTM, "nn.Linear(x.shape[1], self.options.hidden_channels),\n",
           "nn.Linear(x.shape[1], self.options.shared_channels),\n", "method mltm: hidden_channels"),
    mutant(MLTM, "d = options.shared_channels", "d = 4", "method mltm: shared_channels"),
    mutant(MLTM, "sounds, texts = graph[options.audio]", 'sounds, texts = graph["audio"]', "method mltm: audio"),
    mutant(MLTM, "graph[options.audio], graph[options.text]", 'graph[options.audio], graph["text"]',
           "method mltm: text"),
]  # fmt: skip

OPTIMIZERS, TRAINING, RUNS = "methods.task", "runs.training", "cli.runs"
RUN, FINISHED = "runs.run", "runs.finished"
OF_RUNS = [
    mutant(OPTIMIZERS, "            nesterov=options.nesterov,\n", "", "optimizer: nesterov"),
    mutant(OPTIMIZERS, "momentum=options.momentum", "momentum=0.9", "optimizer: momentum"),
    mutant(OPTIMIZERS, "            weight_decay=options.weight_decay,\n", "", "optimizer: weight_decay"),
    mutant(OPTIMIZERS, ", weight_decay=options.weight_decay)", ")", "optimizer: weight_decay"),
    mutant(OPTIMIZERS, "lr=options.lr,\n", "lr=0.1,\n", "optimizer: lr"),
    mutant(OPTIMIZERS, "kind(parameters, lr=options.lr", "kind(parameters, lr=0.1", "optimizer: lr"),
    mutant(OPTIMIZERS, 'torch.optim.Adam if options.type == "adam" else torch.optim.AdamW', "torch.optim.Adam",
           "optimizer: type"),
    mutant(OPTIMIZERS, 'if options.schedule == "one_cycle":', "if False:", "train: schedule"),
    mutant(OPTIMIZERS, 'if options.schedule == "cosine":', "if False:", "train: schedule"),
    mutant(OPTIMIZERS, "options.epochs * steps_per_epoch", "options.epochs", "train in batches: schedule"),
    mutant("methods.task", '"interval": "step"', '"interval": "epoch"', "train in batches: schedule"),
    mutant(OPTIMIZERS, "total_steps=steps, cycle_momentum=False", "total_steps=steps", "train: optimizer"),
    mutant(TRAINING, "precision=options.precision", 'precision="32-true"', "train: precision"),
    mutant(TRAINING, "Checkpoints(directory, options.checkpoint_every)", "Checkpoints(directory, 10)",
           "train: checkpoint_every"),
    mutant("runs.callbacks", "done % self.every == 0 or ", "", "train: checkpoint_every"),
    mutant(TRAINING, "max_epochs=options.epochs", "max_epochs=3", "train: epochs"),
    mutant("runtime.settings", "if threads is not None:", "if False:", "train: threads"),
    mutant("runs.pipeline", "    check_features(data, task.raw_nodes())\n", "", "test_features_are_checked"),
    mutant("runs.pipeline", "bad = (~torch.isfinite(x))", "bad = (torch.isnan(0 * x.isnan()))",
           "test_features_are_checked"),
    mutant(FINISHED, "return load_task(directory, experiment, device).metrics()", "return {}", "test_short_options"),
    mutant(FINISHED, 'if options.precision == "64-true":', "if False:", "test_short_options"),
    mutant(RUN, "torch.manual_seed(experiment.seed)  # the weights", "torch.manual_seed(0)  # the weights",
           "experiment: seed"),
    mutant(RUN, "task.bind(graph, options, experiment.seed)", "task.bind(graph, options, 0)", "test_the_seed_reaches"),
    mutant(RUN, "EncodeContext(seed=experiment.seed,", "EncodeContext(seed=0,", "test_the_seed_reaches"),
    mutant(FINISHED, "load_graph(data), options, experiment.seed)", "load_graph(data), options, 0)",
           "test_a_task_has_the_seed"),
    mutant(TRAINING, "StepSeed(experiment.seed)", "StepSeed(0)", "test_the_draws_of_a_step"),
    mutant(RUN, '"seed": experiment.seed,', '"seed": 0,', "experiment: seed"),
    mutant(RUN, ', vectors=experiment.graphml == "whole"', "", "experiment: graphml"),
    mutant(RUN, 'if experiment.graphml != "none":', "if True:", "experiment: graphml"),
    mutant(RUN, "environment(experiment.seed,", "environment(0,", "experiment: seed"),
    mutant(RUN, "pick_device(options.device)\n    experiment", 'pick_device("cpu")\n    experiment',
           "test_a_run_that_goes_on"),
    mutant("cli.printing", 'if data.get("leakage"):', "if False:", "test_leakage_and_notes"),
    mutant("cli.printing", 'if data.get("note"):', "if False:", "test_leakage_and_notes"),
    mutant(RUNS, ', "seed": seed', "", "test_short_options"),
    mutant(RUNS, ', "train.precision": precision', "", "test_short_options"),
    mutant(RUNS, ', "output": output', "", "test_short_options"),
    mutant(RUNS, '"train.device": device, ', "", "test_short_options"),
    mutant("runs.folds", '{"dataset.fold": fold}', "{}", "test_folds_on_the_command_line"),
]  # fmt: skip

CNN, TOWER = "encoders.logmel_cnn", "encoders.text_aligned"
OF_ENCODERS = [
    mutant("encoders.cnn_training", "weight_decay=options.weight_decay", "weight_decay=0.05",
           "encoder logmel_cnn: weight_decay"),
    mutant("encoders.cnn_training", "self.soft_label[rows], options.mixup, rng", "self.soft_label[rows], 0.4, rng",
           "encoder logmel_cnn: mixup"),
    mutant(CNN, "(train[groups != fold], options.inner_epochs)", "(train[groups != fold], options.epochs)",
           "encoder logmel_cnn: inner_epochs"),
    mutant(CNN, "seed = context.seed if options.seed is None else options.seed", "seed = context.seed",
           "encoder logmel_cnn: seed"),
    mutant(CNN, "if options.out_of_fold else []", "if True else []", "encoder logmel_cnn: out_of_fold"),
    mutant("encoders.logmel_modulation", 'solver="lsqr", shrinkage=options.shrinkage', 'solver="lsqr", shrinkage=0.4',
           "encoder logmel_modulation: shrinkage"),
    mutant("encoders.logmel_modulation", "if not options.scores:", "if False:", "encoder logmel_modulation: scores"),
    mutant(TOWER, "seed = context.seed if options.seed is None else options.seed", "seed = context.seed",
           "encoder text_aligned: seed"),
    mutant(TOWER, "target.T / options.temperature", "target.T / 0.07", "encoder text_aligned: temperature"),
    mutant(TOWER, "weight_decay=options.weight_decay", "weight_decay=0.01", "encoder text_aligned: weight_decay"),
    mutant("encoders.pretrained", 'options.model, "clip"', '"openai/clip-vit-base-patch32", "clip"',
           "encoder clip: model"),
]  # fmt: skip

COUPLING = "transforms.coupling_edges"
OF_GRAPHS = [
    mutant("transforms.knn", "None if self.within is None else node_attribute(data, node, self.within)", "None",
           "transform knn: within"),
    mutant("transforms.knn", "self.node if self.target is None else self.target", "self.node",
           "transform knn: target"),
    mutant("transforms.candidates", "if self.add_true:", "if False:", "transform candidates: add_true"),
    mutant(COUPLING, "F.normalize(x.detach().float()) if self.unit_rows else x.detach().float()",
           "F.normalize(x.detach().float())", "transform coupling_edges: unit_rows"),
    mutant(COUPLING, "plan > self.threshold / max", "plan > 1e-3 / max", "transform coupling_edges: threshold"),
    mutant(COUPLING, "if self.along is None:", "if True:", "transform coupling_edges: along"),
    mutant(COUPLING, 'limits: _Limits = {"max_iter": self.max_iter, "tol": self.tol}\n        if self.solver',
           'limits: _Limits = {"max_iter": 2000, "tol": self.tol}\n        if self.solver',
           "transform coupling_edges: max_iter"),
    mutant(COUPLING, 'limits: _Limits = {"max_iter": self.max_iter, "tol": self.tol}\n        if self.solver',
           'limits: _Limits = {"max_iter": self.max_iter, "tol": 1e-6}\n        if self.solver',
           "transform coupling_edges: tol"),
    mutant("transforms.memory_edges", "self.k, chunk_size=self.chunk_size", "self.k",
           "transform memory_edges: chunk_size"),
    mutant("transforms.memory_edges", "memory, self.temperature, self.k", "memory, 0.01, self.k",
           "transform memory_edges: temperature"),
    mutant("transforms.memory_edges", "_rows(data, self.target, self.state)", '_rows(data, self.target, "x")',
           "transform memory_edges: state"),
]  # fmt: skip

OF_DATASETS = [
    mutant("datasets.esc.graph", "names, masks, options.on_leakage)", 'names, masks, "warn")',
           "data set esc50: on_leakage"),
    mutant("datasets.esc.graph", "fold_masks(folds, options.fold, options.val_fold)",
           "fold_masks(folds, options.fold, None)", "data set esc10: val_fold"),
    mutant("datasets.features.sets", "options.val_fraction, options.seed)", "options.val_fraction, 0)",
           "data set ave: seed"),
    mutant("datasets.features.sets", "options.val_fraction, options.seed)", "0.0, options.seed)",
           "data set vegas: val_fraction"),
    mutant("datasets.paired.sets", "pair_by_class(audio, visual, class_map, options.seed)",
           "pair_by_class(audio, visual, class_map, 0)", "data set class_paired: seed"),
    mutant("datasets.paired.sets", "draw_cooccurrence(pairs, options.cooccurrence, options.seed)",
           "draw_cooccurrence(pairs, 0.0, options.seed)", "data set class_paired: cooccurrence"),
    mutant("datasets.paired.sets", "mixed, options.second_level, ", "mixed, 0.5, ",
           "data set class_paired: second_level"),
    mutant("datasets.captions.graph", "content, seconds=options.seconds)", "content, seconds=10.0)",
           "data set audiocaps: seconds"),
    mutant("datasets.captions.graph", 'drop_missing=options.on_missing_audio == "drop"', "drop_missing=False",
           "data set clotho: on_missing_audio"),
    mutant("datasets.spaces.files", "name == part.split", 'name == "test"', "held-out rows: split"),
    mutant("datasets.spaces.files", "unit=self.options.normalize is False", "unit=False",
           "data set spaces: normalize"),
    mutant("datasets.esc.zero_shot", "own == options.val_part if options.val_part is not None else",
           "own < 0 if True else", "data set esc50_zero_shot: val_part"),
]  # fmt: skip

KINDS = {
    "rrnet": OF_RRNET,
    "cmcr": OF_CMCR,
    "lir": OF_LIR,
    "mltm": OF_MLTM,
    "runs": OF_RUNS,
    "encoders": OF_ENCODERS,
    "transforms": OF_GRAPHS,
    "datasets": OF_DATASETS,
}
