"""Which of the processes of a run this is, and which rows of a batch are its own; one process is rank 0 of 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

A = TypeVar("A")
T = TypeVar("T")
_TOGETHER: ContextVar[bool] = ContextVar("together", default=False)


@contextmanager
def together() -> Iterator[None]:
    """Every rank of the process group does the same within the block, each its part.

    Outside of it a process is alone, whatever group it has joined: one that has several things to do, such as the
    first rank, which builds the graph, does them by itself.

    Example:
        >>> with together():
        ...     world_size()
        1
    """
    before = _TOGETHER.set(dist.is_available() and dist.is_initialized())
    try:
        yield
    finally:
        _TOGETHER.reset(before)


def alone(work: Callable[[A], T]) -> Callable[[A], T]:
    """A function of one argument as a process does it that is one of none.

    Example:
        >>> alone(lambda times: times * world_size())(3)
        3
    """

    @wraps(work)
    def by_itself(given: A) -> T:
        before = _TOGETHER.set(False)
        try:
            return work(given)
        finally:
            _TOGETHER.reset(before)

    return by_itself


def is_together() -> bool:
    """Whether this process works as one of a group, which may be of one.

    Example:
        >>> is_together()
        False
    """
    return _TOGETHER.get()


def world_size() -> int:
    """How many processes train together.

    Example:
        >>> world_size()
        1
    """
    return dist.get_world_size() if is_together() else 1


def rank() -> int:
    """Number of this process among them.

    Example:
        >>> rank()
        0
    """
    return dist.get_rank() if is_together() else 0


def shard_of(count: int, rank: int, world: int) -> slice:
    """The rows of one rank: contiguous, in the order of the ranks, numbers that differ by one at most.

    Example:
        >>> [shard_of(5, rank, 3) for rank in range(3)]
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    each, rest = divmod(count, world)
    start = rank * each + min(rank, rest)
    return slice(start, start + each + (rank < rest))


def shards(rows: Tensor) -> list[Tensor]:
    """The rows of every rank.

    Example:
        >>> shards(torch.arange(3))
        [tensor([0, 1, 2])]
    """
    return [rows[shard_of(len(rows), each, world_size())] for each in range(world_size())]


def own_shard(count: int) -> slice:
    """The rows of this rank.

    Example:
        >>> own_shard(5)
        slice(0, 5, None)
    """
    return shard_of(count, rank(), world_size())


def own_rows(rows: Tensor) -> Tensor:
    """The part of a whole batch, the same on every rank, that this rank works on; it may be empty.

    Example:
        >>> own_rows(torch.arange(3))
        tensor([0, 1, 2])
    """
    return rows[own_shard(len(rows))]


def counts_of(count: int) -> list[int]:
    """What every rank says, in their order.

    Example:
        >>> counts_of(3)
        [3]
    """
    if world_size() == 1:
        return [count]
    told = [torch.zeros(1, dtype=torch.int64) for _ in range(world_size())]
    dist.all_gather(told, torch.tensor([count]))
    return [int(each) for each in told]


def take_from_first(tensor: Tensor) -> None:
    """Overwrite a tensor of one shape everywhere with what the first rank has in it.

    Example:
        >>> take_from_first(torch.ones(1))
    """
    if world_size() > 1:
        dist.broadcast(tensor, src=0)


def text_of_first(text: str) -> str:
    """What the first rank says; what the others say does not count.

    Example:
        >>> text_of_first("runs/a")
        'runs/a'
    """
    if world_size() == 1:
        return text
    letters = torch.tensor(list(text.encode()), dtype=torch.uint8)
    size = torch.tensor([len(letters)])
    take_from_first(size)
    told = letters if rank() == 0 else torch.zeros(int(size), dtype=torch.uint8)
    take_from_first(told)
    return bytes(told.tolist()).decode()


def wait_for_all() -> None:
    """Go on when every rank has come here.

    Example:
        >>> wait_for_all()
    """
    if world_size() > 1:
        dist.barrier()
