"""Attention of sounds on patches (TPAVI): time and memory beside the published product of all patches with all patches.

    OMP_NUM_THREADS=1 python -m benchmarks.audio_attention [--sides 7 14 28 56] [--frames 5] [--repeats 5]

One clip, 128 channels, inner width 64, forward and backward of the whole layer. "dense" repeats the audio at every
patch and multiplies [T·h·w, T·h·w], as published; "edges" passes messages along the list of edges (audio, attends,
patch), with its checks; "ours" is the layer without an edge list. Goals (specs/mmvae_avs.md): equal to dense, time and
memory linear in the patches. Rounds are interleaved, so that a busy machine slows all alike: medians of seconds, and of
the ratio within each round. "growth" (ours, dense) is the exponent p of time ~ patches^p since the line before. "MB"
(ours, edges, dense) is the largest resident memory of one pass beyond what was resident before, in a process of its
own. "error" is the largest difference between ours and dense, of the map and of the gradients of patches and audio,
each beside its largest number.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from avgraph.nn import AudioAttention, attention_edges  # noqa: E402
from avgraph.nn.fusion.audio_attention import unit_channels  # noqa: E402
from benchmarks.process_memory import forget_the_peak, resident, spawned  # noqa: E402

CHANNELS, INNER = 128, 64
WAYS = ("ours", "edges", "dense")


class Case:
    """A clip, a layer whose W_z is not 0, and the gradient that reaches it."""

    def __init__(self, frames: int, side: int) -> None:
        torch.manual_seed(0)
        self.layer = AudioAttention(CHANNELS, INNER)
        torch.nn.init.ones_(self.layer.out_norm.weight)
        self.patch = torch.randn(frames, CHANNELS, side, side, requires_grad=True)
        self.audio = torch.randn(frames, CHANNELS, requires_grad=True)
        self.clip = torch.zeros(frames, dtype=torch.int64)
        self.grad = torch.randn_like(self.patch)
        self.edge_index = attention_edges(self.clip, side, side)

    def gradients(self, way: str) -> tuple[Tensor, tuple[Tensor, ...]]:
        out: Tensor = getattr(self, way)()
        return out.detach(), torch.autograd.grad(out, [self.patch, self.audio, *self.layer.parameters()], self.grad)

    def ours(self) -> Tensor:
        out: Tensor = self.layer(self.patch, self.audio, self.clip)[0]
        return out

    def edges(self) -> Tensor:
        out: Tensor = self.layer(self.patch, self.audio, self.clip, self.edge_index)[0]
        return out

    def dense(self) -> Tensor:
        layer, (height, width) = self.layer, self.patch.shape[2:]
        visual = unit_channels(self.patch.flatten(2).transpose(1, 2))
        audio = unit_channels(self.audio)[:, None].expand_as(visual)
        theta, phi, g = (part.flatten(0, 1) for part in (layer.theta(visual), layer.phi(audio), layer.g(visual)))
        product = theta @ phi.T
        y = (product / len(product)) @ g
        z: Tensor = layer.norm(layer.out_norm(layer.out(y)).view_as(visual) + visual)
        turned: Tensor = z.transpose(1, 2).unflatten(2, (height, width))
        return turned


def measure(named: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, one after the other in every round; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in named}
    for round_ in range(repeats + 1):
        for name, work in named.items():
            start = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - start)
    return times


def _peak(frames: int, side: int, way: str) -> float:
    Case(frames, 2).gradients(way)  # what the first call of a library loads
    case = Case(frames, side)
    before = forget_the_peak()
    case.gradients(way)
    return resident("VmHWM") - before


def peak(frames: int, side: int, way: str) -> float:
    """Largest extra resident memory of one pass in MB; NaN where the system does not tell (not Linux)."""
    return spawned(_peak, frames, side, way)


def largest_error(case: Case) -> float:
    (out, grads), (dense, of_dense) = (case.gradients(way) for way in ("ours", "dense"))
    pairs = zip((out, *grads[:2]), (dense, *of_dense[:2]), strict=True)
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)


def works(case: Case) -> dict[str, Callable[[], object]]:
    return {way: lambda way=way: case.gradients(way) for way in WAYS}  # type: ignore[misc]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[7, 14, 28, 56], help="of the square maps")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-memory", action="store_true", help="skip the columns of memory")
    options = parser.parse_args(argv)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, float32, forward + backward, medians")
    print("| map | patches | ours ms | edges ms | dense ms | edges/ours | dense/ours | growth | MB | error |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    before: tuple[int, dict[str, float]] | None = None
    for side in sorted(options.sides):
        case, patches = Case(options.frames, side), options.frames * side * side
        times = measure(works(case), options.repeats)
        s = {way: statistics.median(values) for way, values in times.items()}
        ratio = {way: statistics.median(a / b for a, b in zip(times[way], times["ours"], strict=True)) for way in WAYS}
        growth = "-"
        if before:
            exponents = [math.log(s[way] / before[1][way]) / math.log(patches / before[0]) for way in ("ours", "dense")]
            growth = ", ".join(f"{exponent:.2f}" for exponent in exponents)
        before, error = (patches, s), largest_error(case)
        del case
        taken = "-" if options.no_memory else ", ".join(f"{peak(options.frames, side, way):.0f}" for way in WAYS)
        print(
            f"| {side} × {side} | {patches:,} | {' | '.join(f'{1e3 * s[way]:.1f}' for way in WAYS)} "
            f"| {ratio['edges']:.2f} | {ratio['dense']:.1f} | {growth} | {taken} | {error:.1e} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
