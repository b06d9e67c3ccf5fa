"""One training step of a coupling: ground cost, coupling to 1e-6, matching loss, backward.

    OMP_NUM_THREADS=1 python -m benchmarks.coupling

Compared in one run, on the same rows:

* ``ours``: `mahalanobis_cost`, `sinkhorn` with the implicit gradient, `matching_loss`;
* ``POT + differences``: all b·b·d differences in one tensor, as the published m-LTM code builds its cost (its einsum
  reads only the diagonal of the metric; with a full metric the differences are multiplied by it), then
  `ot.bregman.sinkhorn_log` of POT's torch backend, differentiated through all of its iterations;
* ``POT + Gram``: POT's solver on our cost: what the solver alone is worth.

Rows are noisy pairs: ``noise`` 1.0 is an untrained batch, 0.3 a half-trained one. POT stops on the norm of the column
sums' error at 1e-6 of its own; "wrong mass" is Σ|row sums − 1/b| + Σ|column sums − 1/b| of what each returns.
Medians; memory is the largest extra resident memory of one step in a process of its own.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import ot  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from avgraph.nn import mahalanobis_cost, matching_loss, partial_sinkhorn, project_psd, sinkhorn  # noqa: E402
from benchmarks.process_memory import forget_the_peak, resident, spawned  # noqa: E402

Arguments = tuple[int, int, float, float, str]  # of `Case`
WAYS = ("ours", "pot_differences", "pot_gram")


def unit_rows(x: Tensor) -> Tensor:
    length: Tensor = x.norm(dim=1, keepdim=True)
    return x / length


class Case:
    """A batch of noisy pairs and a metric."""

    def __init__(self, b: int, d: int, epsilon: float, noise: float, metric: str) -> None:
        draw = torch.Generator().manual_seed(0)
        x = torch.randn(b, d, generator=draw)
        self.x = unit_rows(x).requires_grad_()
        self.y = unit_rows(x + noise * torch.randn(b, d, generator=draw)).requires_grad_()
        scale = torch.rand(d, generator=draw) + 0.5
        self.metric = (scale if metric == "diagonal" else scale.diag()).requires_grad_()
        self.epsilon, self.uniform = epsilon, torch.full((b,), 1 / b)
        self.plan = torch.empty(0)

    def differences(self) -> Tensor:
        difference = self.x[:, None, :] - self.y[None, :, :]
        if self.metric.dim() == 1:
            square = torch.einsum("ijk,ijk,k->ij", difference, difference, self.metric)
        else:
            square = ((difference @ self.metric) * difference).sum(2)
        cost = square.clamp_min(1e-12).sqrt()
        return cost / cost.max()

    def gram(self) -> Tensor:
        cost: Tensor = mahalanobis_cost(self.x, self.y, self.metric, normalize="max")
        return cost

    def step(self, loss: Tensor) -> None:
        for value in (self.x, self.y, self.metric):
            value.grad = None
        loss.backward()

    def ours(self) -> None:
        coupling = sinkhorn(self.gram(), self.epsilon)
        self.plan, self.iterations = coupling.plan.detach(), int(coupling.n_iter)
        self.step(matching_loss(coupling))

    def _pot(self, cost: Tensor) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plan, log = ot.bregman.sinkhorn_log(
                self.uniform, self.uniform, cost, self.epsilon, stopThr=1e-6 / math.sqrt(len(cost)), numItermax=1000,
                log=True,
            )  # fmt: skip
        self.plan, self.iterations = plan.detach(), log["niter"] + 1
        self.step(-plan.diagonal().clamp_min(1e-30).log().mean() - math.log(len(cost)))

    def pot_differences(self) -> None:
        self._pot(self.differences())

    def pot_gram(self) -> None:
        self._pot(self.gram())

    def wrong_mass(self) -> float:
        return float((self.plan.sum(1) - self.uniform).abs().sum() + (self.plan.sum(0) - self.uniform).abs().sum())


def measure(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, one after the other in every round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if round_:  # the first warms up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def _peak(way: str, arguments: Arguments) -> float:
    small = Case(8, 8, *arguments[2:])
    getattr(small, way)()  # libraries load on the first call
    case = Case(*arguments)
    before = forget_the_peak()
    getattr(case, way)()
    return resident("VmHWM") - before


def peak(way: str, arguments: Arguments) -> float:
    """Largest extra resident memory of one step in MB; NaN where the system does not tell (not Linux)."""
    return spawned(_peak, way, arguments)


def told(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def table(options: argparse.Namespace) -> None:
    print("| metric | noise | way | iterations | wrong mass | ms | times ours | extra MB | times ours |")
    print("|---|---|---|---|---|---|---|---|---|")
    for metric in options.metric:
        for noise in options.noise:
            arguments = (options.batch, options.width, options.epsilon, noise, metric)
            case = Case(*arguments)
            rows = {}
            for way in WAYS:
                rows[way] = measure({way: getattr(case, way)}, options.repeats if way == "ours" else options.slow)
                rows[way]["wrong"], rows[way]["iterations"] = case.wrong_mass(), case.iterations
                rows[way]["memory"] = math.nan if options.no_memory else peak(way, arguments)
            ours = rows["ours"]
            for way, row in rows.items():
                print(
                    f"| {metric} | {noise} | {way} | {row['iterations']} | {row['wrong']:.1e} | {1e3 * row[way]:.1f} "
                    f"| {row[way] / ours['ours']:.1f} | {told(row['memory'], '.0f')} "
                    f"| {told(row['memory'] / ours['memory'], '.1f')} |",
                    flush=True,
                )


def small_epsilon(options: argparse.Namespace) -> None:
    print("\nfloat32, costs in [0, 1]: is the plan finite?")
    print("| ε | noise | sinkhorn | iterations | wrong mass | partial .7 | iterations | POT log | POT partial .7 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for epsilon in (0.05, 0.02, 0.01, 0.005):
        for noise in (1.0, 0.3):
            case = Case(options.batch, options.width, epsilon, noise, "diagonal")
            cost = case.gram().detach()
            whole, partial = sinkhorn(cost, epsilon), partial_sinkhorn(cost, epsilon, 0.7)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pot = ot.bregman.sinkhorn_log(case.uniform, case.uniform, cost, epsilon)
                pot_partial = ot.partial.entropic_partial_wasserstein(case.uniform, case.uniform, cost, epsilon, m=0.7)
            said = [
                ("finite" if bool(plan.isfinite().all()) else "NaN") + ("" if done else ", not converged")
                for plan, done in (
                    (whole.plan, bool(whole.converged)), (partial.plan, bool(partial.converged)),
                    (pot, True), (pot_partial, True),
                )
            ]  # fmt: skip
            case.plan = whole.plan
            print(
                f"| {epsilon} | {noise} | {said[0]} | {int(whole.n_iter)} | {case.wrong_mass():.1e} | {said[1]} "
                f"| {int(partial.n_iter)} | {said[2]} | {said[3]} |",
                flush=True,
            )


def ground_cost(options: argparse.Namespace) -> None:
    print(f"\nground cost of {options.batch} × {options.batch} rows under a full metric, forward and backward, and the")
    print("projection of the metric; least CPU time. bare: x M yᵀ; autograd: the Gram formula as torch derives it")
    print("| width | bare ms | ours / bare | autograd / bare | projection ms | eigh / projection |")
    print("|---|---|---|---|---|---|")
    for width in options.widths:
        case = Case(options.batch, width, options.epsilon, 1.0, "full")
        weight = torch.rand(options.batch, options.batch)

        def backward(cost: Callable[[], Tensor], case: Case = case, weight: Tensor = weight) -> Callable[[], object]:
            return lambda: case.step((weight * cost()).sum())

        def gram(case: Case = case) -> Tensor:
            x, y, metric = case.x, case.y, (case.metric + case.metric.T) / 2
            mapped, lengths = x @ metric, ((y @ metric) * y).sum(1)
            square = torch.addmm((mapped * x).sum(1)[:, None] + lengths, mapped, y.T, alpha=-2)
            return square.clamp_min(1e-12).sqrt()

        learned = case.metric.detach()
        learned = learned + 0.1 * torch.randn(width, width) / width**0.5
        times = least_cpu_time(
            {
                "bare": backward(lambda case=case: case.x @ case.metric @ case.y.T),  # type: ignore[misc]
                "ours": backward(lambda case=case: mahalanobis_cost(case.x, case.y, case.metric)),  # type: ignore[misc]
                "autograd": backward(gram),
                "projection": partial(project_psd, learned),
                "eigh": partial(torch.linalg.eigh, learned),
            },
            options.repeats,
        )
        print(
            f"| {width} | {1e3 * times['bare']:.2f} | {times['ours'] / times['bare']:.2f} "
            f"| {times['autograd'] / times['bare']:.2f} | {1e3 * times['projection']:.2f} "
            f"| {times['eigh'] / times['projection']:.1f} |",
            flush=True,
        )


def least_cpu_time(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Least seconds of the process, one way after the other in every round: the time of others is left out."""
    least = dict.fromkeys(ways, math.inf)
    for _ in range(repeats + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            least[name] = min(least[name], time.process_time() - start)
    return least


def batched(options: argparse.Namespace) -> None:
    draw = torch.Generator().manual_seed(0)
    cost = torch.rand(options.couplings, options.batch, options.batch, generator=draw)
    uniform = torch.full((options.couplings, options.batch), 1 / options.batch)
    times = measure(
        {
            "ours, batched": lambda: sinkhorn(cost, options.epsilon),
            "ours, one by one": lambda: [sinkhorn(one, options.epsilon) for one in cost],
            "POT, batched": lambda: ot.batch.solve_batch(
                cost, options.epsilon, uniform, uniform, max_iter=1000, tol=1e-6, grad="detach"
            ),
        },
        1,
    )
    print(f"\n{options.couplings} couplings of {options.batch}×{options.batch}, forward, ε {options.epsilon}:")
    for name, seconds in times.items():
        print(f"| {name} | {1e3 * seconds:.0f} ms | {seconds / times['ours, batched']:.1f} |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--epsilon", type=float, default=0.05)
    parser.add_argument("--noise", type=float, nargs="+", default=[1.0, 0.3])
    parser.add_argument("--metric", nargs="+", choices=["diagonal", "full"], default=["diagonal", "full"])
    parser.add_argument("--widths", type=int, nargs="+", default=[128, 512, 1024], help="of the ground cost alone")
    parser.add_argument("--couplings", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--no-memory", action="store_true", help="skip the memory columns")
    parser.add_argument("--slow", type=int, default=1, help="repeats of the other ways")
    options = parser.parse_args(argv)
    print(
        f"torch {torch.__version__}, POT {ot.__version__}, {torch.get_num_threads()} threads, float32, "
        f"b {options.batch}, d {options.width}, ε {options.epsilon}\n"
    )
    table(options)
    ground_cost(options)
    small_epsilon(options)
    batched(options)


if __name__ == "__main__":
    main()
