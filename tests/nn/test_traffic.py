"""The bytes of docs/planning.md: what a training step gathers on two processes is what the formula says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from avgraph.nn.contrast.sharded_readout import sharded_memory_readout
from avgraph.runs.distributed.group import joined_group
from avgraph.runtime.ranks import together
from benchmarks.distributed.cases import CASES
from benchmarks.distributed.steps import quiet_log
from tests.forking import ForkServer

PAGE = Path(__file__).parents[2] / "docs" / "planning.md"
BYTES, WORLD = 8, 2  # of a number in float64
WIDTHS = {"mltm mltm": 4, "lir triplet": 3, "cmcr overlap": 4}
ROWS = {"mltm mltm": 7, "lir triplet": 11, "cmcr overlap": 10}
READ = (5, 3)  # queries and columns


def counted() -> dict[str, list[int]]:
    """Bytes of every message of a step of each method, by the operation."""
    found: dict[str, list[int]] = {}
    real = {name: getattr(dist, name) for name in ("all_gather", "all_reduce")}

    def gather(parts: list[Tensor], rows: Tensor, *given: Any) -> Any:
        found[case].append(sum(part.nbytes for part in parts))
        return real["all_gather"](parts, rows, *given)

    def reduce(x: Tensor, *given: Any) -> Any:
        found.setdefault(f"{case} reduced", []).append(x.nbytes)
        return real["all_reduce"](x, *given)

    dist.all_gather, dist.all_reduce = gather, reduce
    for case in WIDTHS:
        task, batch = CASES[case]()
        quiet_log(task)
        found[case] = []
        task.on_fit_start()
        found[case].clear()
        task.training_step(batch, 0).backward()
    case = "readout"
    query = torch.randn(READ, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    sharded_memory_readout(query, query.detach()[: 2 + dist.get_rank()], 0.1).sum().backward()
    return found


def work(rank: int, world: int, folder: str) -> None:
    with joined_group(rank, world, meet=f"file://{folder}/meet", device="cpu"), together():
        torch.save(counted(), Path(folder, f"{rank}.pt"))


@pytest.fixture(scope="module")
def traffic(fork_server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[int]]]:
    folder = tmp_path_factory.mktemp("traffic")
    code = "from tests.nn.test_traffic import work; work({}, {}, {!r})"
    children = [fork_server.start(python=code.format(rank, WORLD, str(folder))) for rank in range(WORLD)]
    for child in children:
        assert child.wait() == 0, child.error
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


def gathers(method: str) -> int:
    """How many tables a step gathers, as the page says it."""
    told = re.search(rf"\| `{method}` \|.*\| (\d+) \|\n", PAGE.read_text(encoding="utf-8"))
    assert told, method
    return int(told[1])


@pytest.mark.parametrize("case", WIDTHS)
def test_a_step_gathers_what_the_page_says(traffic: list[dict[str, list[int]]], case: str) -> None:
    rows = -(-ROWS[case] // WORLD) * WORLD  # the last rank's are filled up
    for found in traffic:
        assert found[case] == [rows * WIDTHS[case] * BYTES] * gathers(case.split()[0])


def test_a_sharded_memory_sends_what_the_page_says(traffic: list[dict[str, list[int]]]) -> None:
    queries, columns = READ
    for found in traffic:
        assert sum(found["readout reduced"]) == (2 * queries * columns + 2 * queries) * BYTES
