"""m-LTM with wrong pairs: what a trusted pair weighs, the robust contrast beside it, a run that finds wrong pairs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.errors import ConfigError
from avgraph.export import read_graphml
from avgraph.figures.trusted_pairs import draw_trusted_pairs
from avgraph.methods.mltm import MltmOptions, Objective, task
from avgraph.nn import info_nce, partial_sinkhorn, sinkhorn
from tests.methods.test_mltm import experiment

METRIC = torch.ones(4)


def unit_rows() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    x, y = (torch.nn.functional.normalize(torch.randn(6, 4, generator=draw)) for _ in range(2))
    y[:3] = torch.nn.functional.normalize(x[:3] + 0.1 * y[:3])  # three pairs are right
    return x, y


def test_losses_weighed_by_trust_equal_their_formulas() -> None:
    x, y = unit_rows()
    cost = torch.cdist(x, y)
    cost = cost / cost.max()
    losses = -sinkhorn(cost, 0.1).log_plan.diagonal() - math.log(6)
    trust = 6 * partial_sinkhorn(cost, 0.1, 0.5).plan.diagonal()
    assert float(trust[:3].min()) > 0.8
    objective = Objective(MltmOptions(epsilon=0.1, trust="partial", trusted=0.5))
    found, converged = objective(x, y, METRIC, trusting=True)
    assert converged
    torch.testing.assert_close(found, (trust * losses).sum() / trust.sum(), atol=1e-4, rtol=1e-4)
    plain = Objective(MltmOptions(epsilon=0.1))(x, y, METRIC)[0]
    torch.testing.assert_close(objective(x, y, METRIC)[0], plain)  # before it trusts, all weigh alike

    trimmed = Objective(MltmOptions(epsilon=0.1, trust="small_loss", trusted=0.5))(x, y, METRIC, trusting=True)[0]
    torch.testing.assert_close(trimmed, losses.sort().values[:3].mean(), atol=1e-4, rtol=1e-4)


def test_a_trimmed_contrast_keeps_the_smallest_losses() -> None:
    x, y = unit_rows()
    score = x @ y.T / 0.07
    losses = (score.logsumexp(0) + score.logsumexp(1)) / 2 - score.diagonal()
    options = {"loss": "info_nce", "trust": "small_loss"}
    for share, kept in ((0.5, 3), (0.01, 1), (1.0, 6)):
        found = Objective(MltmOptions.model_validate({**options, "trusted": share}))(x, y, METRIC, trusting=True)[0]
        torch.testing.assert_close(found, losses.sort().values[:kept].mean())
    torch.testing.assert_close(losses.mean(), info_nce(x, y, 0.07))


def test_reverse_cross_entropy() -> None:
    x, y = unit_rows()
    score = x @ y.T / 0.07
    reverse = sum(4 * (1 - float(rank[i, i])) / 12 for rank in (score.softmax(1), score.softmax(0)) for i in range(6))
    objective = Objective(MltmOptions(loss="info_nce_reverse", reverse_weight=0.5))
    assert float(objective(x, y, METRIC)[0]) == pytest.approx(float(info_nce(x, y, 0.07)) + 0.5 * reverse, rel=1e-5)
    alike = objective.of_equal_rows([6, 3])
    same = [float(objective(torch.ones(n, 4) / 2, torch.ones(n, 4) / 2, METRIC)[0]) for n in (6, 3)]
    assert alike == pytest.approx((6 * same[0] + 3 * same[1]) / 9, rel=1e-5)


def test_trust_that_would_never_come_is_a_mistake() -> None:
    method = {"type": "mltm", "text": "label", "trust": "partial"}
    declared = {"dataset": {"type": "esc50"}, "method": method, "train": {"epochs": 5}}
    with pytest.raises(ConfigError, match=r"method\.trust_after: expected fewer epochs than train\.epochs, 5, got 5"):
        experiment_from_dict(declared)
    experiment_from_dict({**declared, "train": {"epochs": 6}})


@pytest.mark.slow
def test_wrong_pairs_are_found_without_being_told(tmp_path: Path, no_figures: None) -> None:
    noisy = ("batch_size: 6}", "batch_size: 6, noise: 0.5, trust: partial, trusted: 0.5, trust_after: 2}")
    run = avgraph.train(experiment(tmp_path, noisy, ("epochs: 6", "epochs: 12")))
    assert run.metrics["train/wrong_pairs_auroc"] > 0.8
    assert 0.3 < run.metrics["train/trust"] < 0.7
    edges = run.graph["audio", "trusted", "text"]
    assert draw_trusted_pairs(run.graph, tmp_path / "trust.png").stat().st_size > 5000
    sounds, texts = edges.edge_index
    right = run.graph["audio"].y[sounds] == run.graph["text"].y[texts]
    assert torch.equal(edges.corrupted, ~right)
    assert float(edges.trust[right].mean()) > float(edges.trust[~right].mean()) + 0.2
    again = read_graphml(run.directory / "graph.graphml")["audio", "trusted", "text"]
    assert torch.equal(again.trust, edges.trust)
    assert avgraph.evaluate(run) == {name: value for name, value in run.metrics.items() if "/" in name}
    plain = avgraph.train(experiment(tmp_path), {"train.epochs": 1})
    assert ("audio", "trusted", "text") not in plain.graph.edge_types
    assert not {"train/trust", "train/wrong_pairs_auroc"} & set(plain.metrics)


def test_trust_is_found_once_after_a_step(tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    inner = task.trust_of_pairs
    monkeypatch.setattr(task, "trust_of_pairs", lambda *given: (counted.append(1), inner(*given))[1])
    trusting = ("batch_size: 6}", "batch_size: 6, trust: partial, trust_after: 0}")
    run = avgraph.train(experiment(tmp_path, trusting, ("epochs: 6", "epochs: 2")))
    assert len(counted) == 1  # for metrics.json and for the graph
    trust = run.graph["audio", "trusted", "text"].trust
    assert run.metrics["train/trust"] == pytest.approx(float(trust.nanmean()))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("loss: triplet, trust: small_loss", "trust: only the loss 'mltm' or 'info_nce' is a sum over pairs"),
        ("loss: info_nce, trust: partial", "trust: a partial coupling is of the loss 'mltm'"),
        ("trust: partial, mass: 0.5", "mass: the loss is that of the whole coupling"),
        ("trusted: 0.5", r"trusted: all pairs weigh alike \(trust is none\)"),
        ("trust: partial, trusted: 0", "trusted: .*0"),
        ("reverse_weight: 2", "reverse_weight: only the loss 'info_nce_reverse' has"),
    ],
)
def test_options_without_effect_are_refused(options: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        avgraph.train(experiment(tmp_path, ("batch_size: 6}", f"batch_size: 6, {options}}}")))
