"""What each rank of test_distributed.py does: steps of every loss, wrong gradients, layers, readouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from avgraph.methods.cmcr.readouts import Gathered, recall
from avgraph.nn import info_nce
from avgraph.nn.contrast.sharded_readout import sharded_memory_readout
from avgraph.nn.distributed import gather_rows, over_whole_batch
from avgraph.runs.distributed.group import joined_group
from avgraph.runtime.ranks import counts_of, own_rows, own_shard, rank, text_of_first, together, world_size
from benchmarks.distributed.cases import CASES
from benchmarks.distributed.steps import step_of

ROWS = 7
OF_FOUR = (
    "mltm mltm", "mltm of 3 pairs", "lir hard_triplet", "lir student", "cmcr all terms", "cmcr of 3 items",
    "rrnet known labels", "rrnet of 3 nodes", "mmvae experts", "mmvae of 1 clip",
)  # fmt: skip
"""A loss of each kind, and those where a rank has no rows; the others run on two, as processes wait for one another
where there are fewer cores. All cases on as many as wanted: ``python -m benchmarks.distributed``."""


def cases_of(world: int) -> tuple[str, ...]:
    return tuple(case for case in CASES if world == 1 or (world > 2) == (case in OF_FOUR))


def rows(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Contrast(nn.Module):
    """InfoNCE of two linear encoders and a scale behind them, gathered in one way or another."""

    def __init__(self, way: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.way, self.one, self.two = way, nn.Linear(4, 3).double(), nn.Linear(5, 3).double()
        self.scale = nn.Parameter(torch.ones(3, dtype=torch.float64))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        own = self.one(own_rows(x)), self.two(own_rows(y))
        if self.way == "right":
            x, y = (gather_rows(part, len(x)) for part in own)
        elif self.way == "unscaled":  # the own slice of the gradient, as it is
            x, y = (_spliced(part, gather_rows(part.detach(), len(x))) for part in own)
        elif self.way == "split":  # every rank by itself
            x, y = own
        else:  # own rows against those of all, of which the others' have no gradient
            whole = [_spliced(part, gather_rows(part.detach(), len(x))) for part in own]
            score = [F.normalize(a) @ F.normalize(b).T / 0.1 for a, b in ((own[0], whole[1]), (own[1], whole[0]))]
            target = torch.arange(len(x))[own_shard(len(x))]
            return (F.cross_entropy(score[0], target) + F.cross_entropy(score[1], target)) / 2 + 0 * self.scale.sum()
        return info_nce(x * self.scale, y, 0.1)


def _spliced(own: Tensor, whole: Tensor) -> Tensor:
    return torch.cat([whole[: own_shard(len(whole)).start], own, whole[own_shard(len(whole)).stop :]])


def contrasts() -> dict[str, dict[str, Tensor]]:
    found = {}
    for way in ("right", "unscaled", "split", "local"):
        module = Contrast(way)
        wrapped: nn.Module = DistributedDataParallel(module) if world_size() > 1 else module
        wrapped(rows(8, 4, 1), rows(8, 5, 2)).backward()
        found[way] = {name: value.grad.clone() for name, value in module.named_parameters() if value.grad is not None}
    return found


def layers() -> dict[str, Tensor]:
    """Batch normalisation of rows and of pictures, and dropout, whose rows are put together again."""
    found = {}
    kinds: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
        "rows": (nn.BatchNorm1d(3), (ROWS, 3)),
        "pictures": (nn.BatchNorm2d(3, momentum=None), (ROWS, 3, 2, 2)),
        "three rows": (nn.BatchNorm1d(3, affine=False), (3, 3)),
        "dropout": (nn.Dropout(0.4), (ROWS, 3)),
    }
    for name, (layer, shape) in kinds.items():
        module = nn.Sequential(layer).double()
        if world_size() > 1:
            over_whole_batch(module)
        x = rows(shape[0], 12, 3)[:, : torch.Size(shape[1:]).numel()].reshape(shape).clone().requires_grad_()
        torch.manual_seed(5)
        y = gather_rows(module(own_rows(x)), shape[0])
        (y * torch.linspace(0, 1, y.numel(), dtype=torch.float64).reshape(shape)).sum().backward()
        assert x.grad is not None
        gradient = x.grad / world_size()  # that of all copies of x, of which DDP would take the mean
        if world_size() > 1:
            dist.all_reduce(gradient)
        found |= {f"{name}: result": y.detach(), f"{name}: gradient": gradient}
        found |= {f"{name}: {key}": value for key, value in module.state_dict().items()}
    return found


def readouts() -> dict[str, Tensor]:
    found = {}
    for size in (9, 3):
        query, memory = rows(6, 4, 1).requires_grad_(), rows(size, 4, 2)
        shard = memory[own_shard(size)].clone().requires_grad_()
        out = sharded_memory_readout(query, shard, 0.1, chunk_size=2)
        (out * rows(6, 4, 3)).sum().backward()
        assert query.grad is not None
        of_shard = torch.zeros(0, 4) if shard.grad is None else shard.grad
        whole = gather_rows(of_shard.double(), size)
        found |= {f"out of {size}": out.detach(), f"query of {size}": query.grad, f"memory of {size}": whole}
    return found


def recalled(cache: Path) -> dict[str, Tensor]:
    """What a memory recalls where nothing is kept yet, and what is kept of it."""
    query, memory = Gathered(rows(6, 4, 1).float()), Gathered(rows(9, 4, 2).float())
    first = recall(query, memory, "softmax", 0.1, cache=cache).loaded()
    assert len(list(cache.iterdir())) == 1
    return {"made": first, "kept": recall(query, memory, "softmax", 0.1, cache=cache).loaded()}


def found(cache: Path) -> dict[str, Any]:
    return {
        "steps": {name: step_of(name) for name in cases_of(world_size())},
        "contrasts": contrasts(),
        "layers": layers(),
        "readouts": readouts(),
        "recalled": recalled(cache),
        "counts": counts_of(rank() + 3),
        "text": text_of_first(f"rank {rank()} says ü"),
    }


def work(rank: int, world: int, folder: str) -> None:
    with joined_group(rank, world, meet=f"file://{folder}/meet-{world}", device="cpu"), together():
        torch.save(found(Path(folder, f"cache-{world}")), Path(folder, f"{world}-{rank}.pt"))
