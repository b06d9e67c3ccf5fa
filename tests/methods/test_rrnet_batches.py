"""RR-Net in batches: the numbers of the whole graph with whole neighbourhoods, samples of them otherwise."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

import avgraph
from avgraph.config import experiment_from_dict
from avgraph.errors import ConfigError, GraphError
from avgraph.methods import RRNetTask
from avgraph.methods.rrnet import RrnetOptions
from avgraph.nn import Incidence
from avgraph.nn.edges.neighbourhood import neighbourhood
from avgraph.options.train import TrainOptions

RATES = ("user", "rates", "item")
RATED = {"source": "user", "target": "item"}


def graph(users: int = 60, items: int = 25, degree: int = 3) -> HeteroData:
    """Nodes with sparse relations of irregular degree, one user without any, and a self-loop."""
    draw = torch.Generator().manual_seed(5)

    def pairs(sources: int, targets: int, count: int) -> torch.Tensor:
        return torch.stack([torch.randint(n, (count,), generator=draw) for n in (sources, targets)])

    data = HeteroData()
    data["user"].x, data["item"].x = (torch.randn(n, 5, generator=draw) for n in (users, items))
    data["user"].y, data["item"].y = torch.arange(users) % items, torch.arange(items)
    data["user"].train_mask = torch.arange(users) % 3 > 0
    data["user"].test_mask = ~data["user"].train_mask
    data["user", "trusts", "user"].edge_index = pairs(users - 1, users - 1, 70)
    data["user", "near", "user"].edge_index = torch.cat([pairs(users - 1, users - 1, 40), torch.ones(2, 1).long()], 1)
    data["item", "near", "item"].edge_index = pairs(items, items, 30)
    candidate = pairs(users - 1, items, users * degree)
    own = torch.stack([torch.arange(users - 1), data["user"].y[: users - 1]])
    edges = data["user", "candidate", "item"]
    edges.edge_index = torch.cat([candidate, own], 1).unique(dim=1)
    edges.edge_index = edges.edge_index[:, torch.randperm(edges.edge_index.shape[1], generator=draw)]
    edges.edge_weight = torch.rand(edges.edge_index.shape[1], generator=draw)
    return data


def bound(options: dict[str, object], data: HeteroData | None = None) -> RRNetTask:
    task = RRNetTask(RrnetOptions(**RATED, **options))  # type: ignore[arg-type]
    torch.manual_seed(0)
    task.bind(graph() if data is None else data, TrainOptions(), 0)
    for value in task.parameters():  # the decoder starts at zero beside a baseline's logit
        torch.nn.init.normal_(value, std=0.3)
    return task.double().eval()


SHAPES = [
    ((0, 1), "both", "mean"),
    ((3, 3), "both", "mean"),
    *product([(1, 1), (2, 3)], ["both", "target"], ["mean", "sum"]),
]


@pytest.mark.parametrize(("units", "incidence", "aggr"), SHAPES)
def test_in_batches_the_logits_are_those_of_the_whole_graph(units: tuple[int, int], incidence: str, aggr: str) -> None:
    options: dict[str, object] = {"intra_units": units[0], "inter_units": units[1]}
    if units[0]:  # without, neither has an effect
        options |= {"aggr": aggr, "incidence": incidence}
    whole = bound(options).forward()
    for size in (9, 1000):
        part = bound({**options, "batch_size": size}).forward()
        torch.testing.assert_close(part, whole, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_the_gradients_of_all_batches_add_up_to_that_of_the_whole_graph(loss: str) -> None:
    options = {"loss": loss, "reduction": "sum", "intra_units": 2, "inter_units": 2, "dropout": 0.0}
    whole, parts = bound(options), bound({**options, "batch_size": 6})
    for task in (whole, parts):
        task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    total = whole.training_step(torch.zeros(1), 0)
    total.backward()
    seen = []
    for number, batch in enumerate(parts.train_dataloader()):
        share = parts.training_step(batch, number)
        share.backward()
        seen.append(share.item())
    assert len(seen) == 7  # of 40 labelled users, of whom the last has no candidates
    assert sum(seen) == pytest.approx(total.item(), rel=1e-12)
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        if one.grad is not None:
            torch.testing.assert_close(other.grad, one.grad, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_the_loss_at_a_constant_is_counted_as_the_epoch_counts_it(loss: str, reduction: str) -> None:
    data = graph()
    data["user", "candidate", "item"].clear()
    data["user", "candidate", "item"].edge_index = torch.cartesian_prod(torch.arange(60), torch.arange(25)).T
    task = bound({"loss": loss, "reduction": reduction, "batch_size": 6, "fan_out": 2}, data)
    for value in task.parameters():
        torch.nn.init.zeros_(value)
    torch.nn.init.constant_(task.model.decoder.last.bias, -float(torch.tensor(24.0).log()))  # 1 of 25 is right
    task.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    batches = list(task.train_dataloader())
    assert [len(batch) for batch in batches] == [6] * 6 + [4]
    total = sum(task.training_step(batch, number).item() * len(batch) for number, batch in enumerate(batches))
    assert task.trivial().loss == pytest.approx(total / 40, rel=1e-6)


def test_a_part_holds_what_the_units_reach_and_no_more() -> None:
    chain = torch.stack([torch.arange(9), torch.arange(1, 10)])
    near = ("user", "near", "user")
    plans = {
        near: Incidence.from_edge_index(chain, 10, 10),
        RATES: Incidence.from_edge_index(torch.stack([torch.arange(10), torch.arange(10)]), 10, 10),
    }
    for hops in range(4):
        part = neighbourhood(plans, {RATES: torch.tensor([4])}, [*[near] * hops, RATES])
        assert part.nodes["user"].tolist() == list(range(max(0, 4 - hops), 5 + hops))
        assert part.nodes["item"].tolist() == [4]
        incoming = neighbourhood(plans, {RATES: torch.tensor([4])}, [*[near] * hops, RATES], incoming_only=True)
        assert incoming.nodes["user"].tolist() == list(range(4 - hops, 5))
    after = neighbourhood(plans, {RATES: torch.tensor([4])}, [RATES, near])  # what comes after changes no edge
    assert after.nodes["user"].tolist() == [4]
    assert neighbourhood(plans, {near: torch.tensor([0])}, []).nodes["user"].tolist() == [0, 1]


def test_a_layer_without_edges_is_named() -> None:
    with pytest.raises(GraphError, match=r"neighbourhood: no plan of \(user, rates, item\)"):
        neighbourhood({}, {}, [RATES])


def test_a_large_enough_fan_out_takes_everything() -> None:
    whole = bound({"intra_units": 2, "inter_units": 2}).forward()
    part = bound({"intra_units": 2, "inter_units": 2, "batch_size": 5, "fan_out": 500}).forward()
    torch.testing.assert_close(part, whole, rtol=1e-10, atol=1e-10)


def test_a_node_takes_up_as_many_edges_as_the_fan_out_says() -> None:
    hub = torch.stack([torch.arange(1, 501), torch.zeros(500, dtype=torch.int64)])
    near = ("user", "near", "user")
    plans = {
        near: Incidence.from_edge_index(hub, 501, 501),
        RATES: Incidence.from_edge_index(torch.zeros(2, 1, dtype=torch.int64), 501, 1),
    }
    part = neighbourhood(
        plans, {RATES: torch.tensor([0])}, [near, near, RATES], fan_out=9, rng=np.random.default_rng(0)
    )
    assert len(part.edges[near]) == 9
    assert len(part.nodes["user"]) == 10


def test_the_mean_over_samples_comes_near_that_of_the_whole() -> None:
    options = {"intra_units": 1, "inter_units": 1, "incidence": "target"}
    data = graph()
    draw = torch.Generator().manual_seed(0)
    data["user", "near", "user"].edge_index = torch.randint(60, (2, 2000), generator=draw)
    whole, part = bound(options, data), bound({**options, "batch_size": 60, "fan_out": 5}, data)
    exact, draws = whole.forward().detach(), []
    for seed in range(40):
        part.seed = seed
        draws.append(part.forward().detach())
    each = torch.stack([(drawn - exact).norm() for drawn in draws]).mean()
    # The network is no linear function of the mean, so that a small difference is left.
    assert float(each) > 0.1
    assert float((torch.stack(draws).mean(0) - exact).norm()) < 0.4 * float(each)


def test_only_what_can_be_learned_from_is_a_batch() -> None:
    data = graph()
    task = bound({"batch_size": 4}, data)
    nodes = torch.cat(list(task.train_dataloader()))
    edges = data["user", "candidate", "item"]
    assert sorted(nodes.tolist()) == edges.edge_index[0][edges.train_mask & (edges.y > 0)].unique().tolist()


def test_no_node_is_told_its_own_class_and_none_that_of_a_test_node() -> None:
    options = {"known_labels": True, "batch_size": 6, "intra_units": 2, "inter_units": 2}
    data, other = graph(24, 8), graph(24, 8)
    whole = bound(options, data)
    logits, edges = whole.forward(), data["user", "candidate", "item"].edge_index
    test = int(data["user"].test_mask.nonzero()[0])
    other["user"].y[test] = (other["user"].y[test] + 1) % 8
    torch.testing.assert_close(bound(options, other).forward(), logits, rtol=0, atol=0)
    train = int(data["user"].train_mask.nonzero()[0])
    changed = graph(24, 8)
    changed["user"].y[train] = (changed["user"].y[train] + 1) % 8
    moved = bound(options, changed).forward() != logits
    alone = bound({**options, "batch_size": 1}, data).forward(), bound({**options, "batch_size": 1}, changed).forward()
    assert bool(moved.any())  # its neighbours see it
    torch.testing.assert_close(alone[0][edges[0] == train], alone[1][edges[0] == train], rtol=0, atol=0)


def experiment(folder: Path, **method: object) -> avgraph.Experiment:
    return experiment_from_dict(
        {
            "name": "toy",
            "output": str(folder),
            "dataset": {"type": "tests.wiring.toys:Sounds"},
            "graph": [],
            "method": {"type": "rrnet", "hidden_channels": 4, **method},
            "train": {"epochs": 4, "checkpoint_every": 1},
        }
    )


def test_a_run_in_batches_learns_evaluates_again_alike_and_reports_every_node(tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path, batch_size=5, fan_out=2))
    assert len((run.directory / "metrics.jsonl").read_text().splitlines()) == 4
    again = avgraph.evaluate(run)
    assert {name: run.metrics[name] for name in again} == again
    assert run.graph["audio"].prediction.shape == (24,)
    probability = run.graph["audio", "candidate", "label"].probability
    sums = torch.zeros(24).index_add(0, run.graph["audio", "candidate", "label"].edge_index[0], probability)
    torch.testing.assert_close(sums, torch.ones(24))


def test_options_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="fan_out: not without batch_size"):
        RrnetOptions(fan_out=3)
    with pytest.raises(ConfigError, match="known_labels: not without batch_size"):
        RrnetOptions(known_labels=True)
    with pytest.raises(ConfigError, match="fan_out: expected none with aggr: sum"):
        RrnetOptions(batch_size=2, fan_out=3, aggr="sum")
    with pytest.raises(ConfigError, match="batch_size: expected a number of at least 1, got 0"):
        RrnetOptions(batch_size=0)
