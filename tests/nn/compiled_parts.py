"""Compiles the layers and losses of the table, in a process of its own, without what pytest puts around functions.

    python -m tests.nn.compiled_parts               # traced, with the gradient of three: seconds
    python -m tests.nn.compiled_parts inductor      # these three by the real compiler: half a minute

Layers that join two node types are those of pyg_layers.py, compiled after the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch._dynamo import guards

from tests.nn import pyg_layers
from tests.nn.parts import LOOKS_AT_VALUES, PARTS, results

ELSEWHERE = {
    "AnchorProxy", "BarycentricConv", "MemoryConv", "ExpertAggregation", "LatentInteraction", "HeteroEdgeUnit",
    "memory_readout_edges", "attention_proxy_edges",  # the same by these layers
    "SinkhornConv", "partial_sinkhorn_edges", "sinkhorn_edges",  # torch.compile is told to leave them
    "sinkhorn", "sinkhorn, unrolled", "partial_sinkhorn", "matching_loss",
    "RRNet", "InterUnit",  # they cost the most; IntraUnit and HeteroEdgeUnit call the same kernel
}  # fmt: skip
KERNELS = {"IntraUnit", "latent_interaction_loss"}  # of our own, in threads
WHOLE = ("semantic_alignment_loss", "gaussian_kl", "Projector")
COMPILED = [name for name in PARTS if name not in ELSEWHERE]


def compiled(name: str, backend: str) -> Callable[[Any], Any]:
    def wrap(call: Callable[..., Any] | nn.Module) -> Any:
        pieces = LOOKS_AT_VALUES.keys() | KERNELS
        return torch.compile(call, backend=backend, fullgraph=name not in pieces)

    return wrap


def main(compiler: str = "aot_eager") -> None:
    guards.profile_guard_manager = lambda *_: 0.0  # it empties the cache of the CPU to time them, 25 ms a graph
    for name in COMPILED if compiler == "aot_eager" else WHOLE:
        torch.compiler.reset()
        backend = compiler if name in WHOLE else "eager"
        for one, other in zip(results(name, wrap=compiled(name, backend)), results(name), strict=True):
            torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)
        print(f"{name}: compiled and equal", flush=True)
    if compiler == "aot_eager":
        pyg_layers.main()


if __name__ == "__main__":
    main(*sys.argv[1:])
