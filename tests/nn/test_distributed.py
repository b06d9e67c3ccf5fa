"""On 2 and 4 processes every loss, its gradient and what its layers remember are those of one; wrong ways are wrong."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from avgraph.errors import GraphError
from avgraph.nn import memory_readout
from avgraph.nn.contrast.sharded_readout import sharded_memory_readout
from avgraph.nn.distributed import WholeBatchNorm, over_whole_batch
from avgraph.runtime.ranks import shard_of
from tests.forking import ForkServer
from tests.nn import rank_work

Found = dict[str, Any]
WORLDS = (2, 4)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return rank_work.found(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def ranks(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Found]]:
    """World size → what every rank has found."""
    folder = tmp_path_factory.mktemp("ranks")
    code = "from tests.nn.rank_work import work; work({}, {}, {!r})"
    found = {}
    for world in WORLDS:
        children = [fork_server.start(python=code.format(rank, world, str(folder))) for rank in range(world)]
        for child in children:
            assert child.wait() == 0, child.error
        found[world] = [torch.load(Path(folder, f"{world}-{rank}.pt")) for rank in range(world)]
    return found


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for key in one:
        torch.testing.assert_close(
            other[key], one[key], rtol=1e-12, atol=1e-12, msg=lambda text, key=key: f"{key}: {text}"
        )


@pytest.mark.parametrize(("world", "case"), [(world, case) for world in WORLDS for case in rank_work.cases_of(world)])
def test_a_step_gives_the_loss_and_the_gradient_of_one_process(
    alone: Found, ranks: dict[int, list[Found]], world: int, case: str
) -> None:
    own = alone["steps"][case]
    assert any(key != "loss" and bool(value.abs().max() > 0) for key, value in own.items())
    for found in ranks[world]:
        assert_equal(own, found["steps"][case])


@pytest.mark.parametrize("world", WORLDS)
def test_layers_that_see_the_batch_give_what_torch_s_give(
    alone: Found, ranks: dict[int, list[Found]], world: int
) -> None:
    for found in ranks[world]:
        assert_equal(alone["layers"], found["layers"])


@pytest.mark.parametrize("world", WORLDS)
def test_a_memory_in_shards_is_read_as_one(alone: Found, ranks: dict[int, list[Found]], world: int) -> None:
    for found in ranks[world]:
        assert_equal(alone["readouts"], found["readouts"])


@pytest.mark.parametrize("world", WORLDS)
def test_what_a_memory_recalls_is_made_by_all_and_kept_by_one(
    alone: Found, ranks: dict[int, list[Found]], world: int
) -> None:
    for found in ranks[world]:
        for name, value in alone["recalled"].items():
            torch.testing.assert_close(found["recalled"][name], value)
            assert torch.equal(found["recalled"][name], ranks[world][0]["recalled"]["kept"])


@pytest.mark.parametrize("world", WORLDS)
def test_ranks_tell_each_other(ranks: dict[int, list[Found]], world: int) -> None:
    for found in ranks[world]:
        assert found["counts"] == [rank + 3 for rank in range(world)]
        assert found["text"] == "rank 0 says ü"


@pytest.mark.parametrize("world", WORLDS)
def test_wrong_ways_to_gather_are_wrong_and_the_right_one_is_not(
    alone: Found, ranks: dict[int, list[Found]], world: int
) -> None:
    right, (found, *_) = alone["contrasts"]["right"], ranks[world]
    assert_equal(right, found["contrasts"]["right"])
    # The open_clip trap: encoders at 1/W of the gradient, what lies behind the gathering at the whole of it.
    unscaled = found["contrasts"]["unscaled"]
    torch.testing.assert_close(unscaled["one.weight"] * world, right["one.weight"])
    torch.testing.assert_close(unscaled["scale"], right["scale"])
    for way in ("split", "local"):
        off = found["contrasts"][way]["one.weight"]
        for factor in (1 / world, 1, world):
            assert float((off * factor - right["one.weight"]).abs().max()) > 0.01, way


def test_shards_cover_the_rows_once() -> None:
    for count in range(9):
        for world in range(1, 5):
            cuts = [shard_of(count, rank, world) for rank in range(world)]
            assert [row for cut in cuts for row in range(count)[cut]] == list(range(count))
            assert max(cut.stop - cut.start for cut in cuts) - min(cut.stop - cut.start for cut in cuts) <= 1


def test_one_process_reads_its_memory_as_ever() -> None:
    query, memory = rank_work.rows(3, 4, 0), rank_work.rows(5, 4, 1)
    assert torch.equal(sharded_memory_readout(query, memory, 0.1), memory_readout(query, memory, 0.1))


def test_layers_are_replaced_with_what_they_remember() -> None:
    module = nn.ModuleDict({"a": nn.Sequential(nn.BatchNorm2d(2, eps=1e-3)), "b": nn.Dropout(0.3)}).eval()
    before = module.state_dict()
    weight = module["a"][0].weight
    over_whole_batch(module)
    norm = module["a"][0]
    assert isinstance(norm, WholeBatchNorm)
    assert (norm.eps, norm.training, norm.weight) == (1e-3, False, weight)
    assert module.state_dict().keys() == before.keys()
    x = torch.randn(2, 2, 3, 3)
    assert torch.equal(norm(x), nn.BatchNorm2d(2, eps=1e-3).eval()(x))
    over_whole_batch(module)
    assert module["a"][0] is norm


def test_a_batch_normalisation_that_does_more_is_refused() -> None:
    class Scaled(nn.BatchNorm1d):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return 2 * super().forward(input)

    for layer in (Scaled(2), nn.LazyBatchNorm1d()):
        with pytest.raises(GraphError, match=r"norm: .* cannot see the batch of all processes"):
            over_whole_batch(nn.ModuleDict({"norm": layer}))


def test_batch_normalisation_of_one_row_is_refused() -> None:
    with pytest.raises(GraphError, match="at least 2 rows"):
        WholeBatchNorm(3)(torch.ones(1, 3))
    with pytest.raises(GraphError, match=r"expected \[n, c"):
        WholeBatchNorm(3)(torch.ones(3))
