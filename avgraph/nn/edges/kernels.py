"""What sums and gathers along edges are computed with: torch's operations, or torch-scatter's where it was measured.

The sum of each node's edges, milliseconds on one CPU thread, 1e6 edges, ten a node, grouped by node / in no order:

    float32, 16 wide: embedding_bag 4.4 / 24, segment_csr of torch-scatter 20 / 394
    float64,  1 wide: embedding_bag 90 / 487, segment_reduce 2.0 / 80, index_add 3.2 / 8.1, segment_csr 2.8 / 94
    float64, 16 wide: embedding_bag 80 / 917, segment_reduce 41 / 720, index_add 90 / 155, segment_csr 21 / 684

So torch-scatter is asked by itself for wide sums of grouped edges in double precision alone (``auto``). On a GPU
nothing has been measured: ``AVGRAPH_SEGMENTS=scatter``, or `segment_backend`, asks it for all that it can do.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Side
from avgraph.tensors.checks import is_traced

LOW_PRECISION = (torch.bfloat16, torch.float16)
BACKENDS = ("auto", "torch", "scatter")
_WIDE = 16

# Not a context variable: the gradient of a GPU's work is computed in threads of torch's own, which have none.
_chosen: list[str] = []


@contextmanager
def segment_backend(name: str) -> Iterator[None]:
    """What sums and gathers along edges are computed with in the block, by all threads; results differ by rounding.

    Args:
        name: ``torch``, ``scatter`` (torch-scatter, the extra ``[scatter]``) or ``auto``: torch, but where
            torch-scatter is installed and was measured faster. Outside of a block it is the value of the environment
            variable ``AVGRAPH_SEGMENTS``, or else ``auto``.

    Raises:
        GraphError: if it is none of these, or torch-scatter is not installed.

    Example:
        >>> from avgraph.nn.edges.segment import segment_sum
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=2)
        >>> with segment_backend("torch"):
        ...     segment_sum(torch.ones(3, 1), side).squeeze(1).tolist()
        [1.0, 2.0]
    """
    _checked(name, "segment_backend")
    _chosen.append(name)
    try:
        yield
    finally:
        _chosen.pop()


def _checked(name: str, where: str) -> str:
    if name not in BACKENDS:
        raise GraphError(f"{where}: expected {', '.join(BACKENDS[:-1])} or {BACKENDS[-1]}, got '{name}'")
    if name == "scatter" and not _installed():
        raise GraphError(f"{where}: 'scatter' needs torch-scatter: pip install 'avgraph[scatter]'")
    return name


@cache
def _installed() -> bool:
    return importlib.util.find_spec("torch_scatter") is not None


@cache
def _of_environment() -> str:
    return _checked(os.environ.get("AVGRAPH_SEGMENTS", "auto"), "AVGRAPH_SEGMENTS")


def _backend(x: Tensor) -> str:
    if is_traced(x):  # torch-scatter's operations have no shapes without numbers
        return "torch"
    return _chosen[-1] if _chosen else _of_environment()


def reduce_rows(x: Tensor, side: Side) -> Tensor:
    """The sum of the rows of each node's edges, outside autograd.

    One bag per node reads the rows where they lie, so the permuted copy that `torch.segment_reduce` needs is never
    written. Measured on 2 CPU threads, 1e6 edges, unsorted / sorted, width 16: 32 / 27 ms against 98 / 25 ms of
    segment_reduce and 141 ms of index_add; width 64: 48 / 35 ms against 316 / 74 ms and 178 ms. In double precision
    that kernel of torch's is slow on a CPU (see the title of this file).

    Shapes:
        x [e, h] → [n, h]
    """
    if x.numel() == 0:
        return x.new_zeros(side.num_nodes, x.size(1))
    if x.dtype in LOW_PRECISION:
        # A running sum in bfloat16 stops growing at 256 equal terms.
        return reduce_rows(x.float(), side).to(x.dtype)
    backend, is_double = _backend(x), x.dtype == torch.float64 and x.device.type == "cpu"
    if backend == "auto" and is_double and side.is_grouped and x.shape[1] >= _WIDE and _installed():
        backend = "scatter"
    if backend == "scatter":
        found: Tensor = _scatter().segment_csr(_grouped(x, side), side.pointer, reduce="sum")
        return found
    if not is_double:
        return F.embedding_bag(side.order, x.contiguous(), side.pointer, mode="sum", include_last_offset=True)
    if side.is_grouped or len(side.order) < len(side.index):
        return torch.segment_reduce(_grouped(x, side), "sum", lengths=side.degree, unsafe=True)
    return x.new_zeros(side.num_nodes, x.shape[1]).index_add(0, side.index, x)


def take_rows(x: Tensor, side: Side) -> Tensor:
    """``x[side.index]``, outside autograd.

    A single column is taken as a vector: 1e6 edges .6 ms, as rows of one number 2.3 ms, by torch-scatter 2.1 ms.

    Shapes:
        x [n, h] → [e, h]
    """
    if side.is_grouped and _backend(x) == "scatter":
        found: Tensor = _scatter().gather_csr(x.contiguous(), side.pointer)
        return found
    if x.shape[1] == 1:
        return x[:, 0].index_select(0, side.index)[:, None]
    return x.index_select(0, side.index)


def _grouped(x: Tensor, side: Side) -> Tensor:
    return x.contiguous() if side.is_grouped else x.index_select(0, side.order)


def _scatter() -> Any:
    import torch_scatter

    return torch_scatter
