"""Time and memory of the latent interaction loss beside the bare distances it needs and a plain double loop.

    OMP_NUM_THREADS=1 python -m benchmarks.latent_interaction_loss

"bare" is torch.cdist, forward and backward, on the three blocks: audio–audio, visual–visual, audio–visual. Goals
(specs/latent_interaction.md): at most 3 × that at batch 400 and 15 classes; at batch 4096 and 50 classes at most three
times the memory of one block of distances.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from avgraph.nn import latent_interaction_loss
from benchmarks.process_memory import forget_the_peak, resident


def batch(n: int, c: int) -> tuple[Tensor, ...]:
    """Trained-like soft labels (a clip is sure of one class, sometimes of two) and a sparse graph."""
    draw = torch.Generator().manual_seed(0)
    z = [torch.randn(n, c, generator=draw).requires_grad_() for _ in range(2)]
    soft = [(4 * torch.randn(n, c, generator=draw) - 4).sigmoid() for _ in range(2)]
    adjacency = torch.rand(2 * c, 2 * c, generator=draw) * (torch.rand(2 * c, 2 * c, generator=draw) < 0.2)
    adjacency = adjacency.triu(1)
    return (*z, *soft, adjacency / adjacency.sum())


def ours(z_audio: Tensor, z_visual: Tensor, soft_audio: Tensor, soft_visual: Tensor, adjacency: Tensor) -> None:
    z_audio.grad = z_visual.grad = None
    latent_interaction_loss(z_audio, z_visual, soft_audio, soft_visual, adjacency).backward()


def bare(z_audio: Tensor, z_visual: Tensor, *_: Tensor) -> None:
    z_audio.grad = z_visual.grad = None
    for x, y in ((z_audio, z_audio), (z_visual, z_visual), (z_audio, z_visual)):
        distance = torch.cdist(x, y)
        distance.backward(torch.ones_like(distance))


def double_loop(z_audio: Tensor, z_visual: Tensor, soft_audio: Tensor, soft_visual: Tensor, adjacency: Tensor) -> None:
    """One Python step per edge: its active clips, their distances, their mean."""
    z_audio.grad = z_visual.grad = None
    z, active, c = (z_audio, z_visual), (soft_audio > 0.5, soft_visual > 0.5), soft_audio.shape[1]
    total = torch.zeros(())
    for i, j in adjacency.nonzero().tolist():
        (p, k), (q, m) = divmod(i, c), divmod(j, c)
        rows, columns = active[p][:, k].nonzero()[:, 0], active[q][:, m].nonzero()[:, 0]
        pairs = len(rows) * len(columns) - (int((active[p][:, k] & active[q][:, m]).sum()) if p == q else 0)
        if pairs:
            distance = torch.cdist(z[p][rows], z[q][columns], compute_mode="donot_use_mm_for_euclid_dist")
            total = total + (0.1 if p == q else 0.4) * adjacency[i, j] * distance.sum() / pairs
    total.backward()


def milliseconds(function: Callable[..., None], arguments: tuple[Tensor, ...], repeats: int) -> float:
    function(*arguments)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def peak(n: int, c: int) -> float:
    """MiB that the resident memory rises above the inputs while the loss and its gradient are taken (Linux)."""
    ours(*batch(64, c))
    arguments = batch(n, c)
    for leaf in arguments[:2]:
        leaf.grad = torch.zeros_like(leaf)
    before = forget_the_peak()
    ours(*arguments)
    return resident("VmHWM") - before


def size(text: str) -> tuple[int, int]:
    n, c = text.split(",")
    return int(n), int(c)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = [(400, 15), (400, 10), (400, 50), (4096, 50)]
    parser.add_argument("--sizes", type=size, nargs="+", default=sizes, metavar="BATCH,CLASSES", help="of the times")
    parser.add_argument("--largest", type=size, default=sizes[-1], metavar="BATCH,CLASSES", help="of the memory")
    options = parser.parse_args(argv)
    most, classes = options.largest
    used = peak(most, classes)  # first, while the allocator holds nothing to reuse
    print(f"threads {torch.get_num_threads()}; medians, forward + backward")
    print(f"{'batch':>6}{'classes':>8}{'ours ms':>10}{'bare ms':>10}{'ratio':>7}{'one step per edge ms':>22}")
    for n, c in options.sizes:
        arguments = batch(n, c)
        repeats = 31 if n < 1000 else 3
        times = [milliseconds(f, arguments, repeats) for f in (ours, bare)]
        loop = milliseconds(double_loop, arguments, 3)
        print(f"{n:>6}{c:>8}{times[0]:>10.2f}{times[1]:>10.2f}{times[0] / times[1]:>7.2f}{loop:>22.1f}", flush=True)
    block = most * most * 4 / 2**20
    print(
        f"batch {most}, {classes} classes: {used:.0f} MiB above the inputs; one block of distances is {block:.0f} MiB"
    )


if __name__ == "__main__":
    main()
