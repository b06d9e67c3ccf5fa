"""RR-Net against the encoders that propose its candidates, on ESC-10 and ESC-50: mean ± sd over the five folds.

    python -m benchmarks.rrnet                          # the table
    python -m benchmarks.rrnet --ablations              # of two views on ESC-50: K, units, width, each part

Needs the real data (AVGRAPH_DATA). The encoders are cached, so that a second call takes minutes. Every model is taken
at its last epoch. The settings were not chosen blindly, though: the README says which folds were looked at.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import avgraph
from avgraph.runs.finished import Run

ROOT = Path(__file__).parents[1]
FOLDS = (1, 2, 3, 4, 5)
PAPER = {"esc10": "96.5 ± 0.1", "esc50": "80.8 ± 0.1"}
ABLATIONS: dict[str, list[str]] = {
    "as it is": [],
    "first view only": ["encoders.audio=[{type: logmel_cnn}]"],
    "second view only": ["encoders.audio=[{type: logmel_modulation}]"],
    **{f"K = {k}": [f"graph.2.k={k}"] for k in (5, 10, 40)},
    "units 2 + 2": ["method.intra_units=2", "method.inter_units=2"],
    "units 2 + 3": ["method.intra_units=2", "method.inter_units=3"],
    "units 0 + 1": ["method.intra_units=0"],
    **{f"width {h}": [f"method.hidden_channels={h}"] for h in (4, 8, 32, 64)},
}


def run_folds(experiment: str, options: argparse.Namespace, change: Sequence[str] = ()) -> list[Run]:
    """One run per fold in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [f"output={folder}", "dataset.on_missing=[]", *options.set, *change]
        return list(avgraph.train_folds(ROOT / experiment, options.folds, overrides, quiet=False).runs.values())


def cell(runs: Sequence[Run], metric: str) -> str:
    """Mean ± sample standard deviation over the folds, in percent."""
    values = [100 * run.metrics[f"test/{metric}"] for run in runs]
    return f"{statistics.mean(values):.1f} ± {deviation(values):.1f}"


def deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def paired(runs: Sequence[Run], better: str, worse: str) -> str:
    """Difference fold by fold: mean ± sd, and in how many folds it is above zero."""
    gaps = [100 * (run.metrics[f"test/{better}"] - run.metrics[f"test/{worse}"]) for run in runs]
    above = sum(gap > 0 for gap in gaps)
    return f"{statistics.mean(gaps):+.1f} ± {deviation(gaps):.1f} ({above} of {len(gaps)} folds)"


def main_table(options: argparse.Namespace) -> None:
    """The accuracies beside the paper's."""
    for name in options.sets:
        paper = run_folds(f"configs/rrnet/{name}.yaml", options)
        views = run_folds(f"configs/rrnet/{name}_two_views.yaml", options)
        patches = run_folds(f"examples/rrnet_{name}.yaml", options)
        print(f"\n{name}: accuracy in % over folds {', '.join(map(str, options.folds))}")
        print(f"  RR-Net as published (EnvNet features)          {PAPER[name]}")
        print(f"  RR-Net, the paper's settings, from the CNN     {cell(paper, 'accuracy')}")
        print(f"  the CNN that proposes its candidates           {cell(views, 'baseline_accuracy')}")
        print(f"  second view: discriminants on modulation       {cell(views, 'view_2_accuracy')}")
        print(f"  both fused, no graph                           {cell(views, 'fused_accuracy')}")
        print(f"  RR-Net, configs/rrnet/{name}_two_views.yaml    {cell(views, 'accuracy')}")
        print(f"    gain over the CNN                            {paired(views, 'accuracy', 'baseline_accuracy')}")
        print(f"    gain over the fused views                    {paired(views, 'accuracy', 'fused_accuracy')}")
        print(f"  discriminants on patches                       {cell(patches, 'baseline_accuracy')}")
        print(f"  the true class among their candidates          {cell(patches, 'candidate_recall')}")
        print(f"  RR-Net, examples/rrnet_{name}.yaml              {cell(patches, 'accuracy')}")
        print(f"    gain over the discriminants                  {paired(patches, 'accuracy', 'baseline_accuracy')}")
        by_fold = ", ".join(f"{100 * run.metrics['test/accuracy']:.1f}" for run in patches)
        print(f"  RR-Net by fold                                 {by_fold}")
        if patches[0].metrics["data"]["note"]:
            print(f"  note: {patches[0].metrics['data']['note']}")


def ablations(options: argparse.Namespace) -> None:
    """One change at a time to configs/rrnet/esc50_two_views.yaml."""
    print("\nesc50, one change at a time: RR-Net, and the ceiling of the candidates, in %")
    for title in options.rows:
        runs = run_folds("configs/rrnet/esc50_two_views.yaml", options, ABLATIONS[title])
        print(f"  {title:<24}{cell(runs, 'accuracy'):<16}{cell(runs, 'candidate_recall')}", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ablations", action="store_true", help="the ablation table instead of the main one")
    parser.add_argument("--sets", nargs="+", choices=list(PAPER), default=list(PAPER), help="of the main table")
    rows = list(ABLATIONS)
    parser.add_argument("--rows", nargs="+", choices=rows, default=rows, metavar="ROW", help="of the ablations")
    parser.add_argument("--folds", type=int, nargs="+", choices=FOLDS, default=FOLDS)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of avgraph train, for all")
    options = parser.parse_args(argv)
    if options.ablations:
        ablations(options)
    else:
        main_table(options)


if __name__ == "__main__":
    main()
