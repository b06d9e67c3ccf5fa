"""RR-Net against the network that proposes its candidates, on ESC-10 and ESC-50: mean ± sd over the five folds.

    python -m benchmarks.rrnet                          # the table
    python -m benchmarks.rrnet --ablations              # K, units and width on ESC-50, and what each part adds

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
        paper_runs = run_folds(f"configs/rrnet/{name}.yaml", options)
        runs = run_folds(f"examples/rrnet_{name}.yaml", options)
        print(f"\n{name}: accuracy in % over folds {', '.join(map(str, options.folds))}")
        print(f"  CNN that proposes the candidates         {cell(runs, 'baseline_accuracy')}")
        print(f"  true class among the candidates          {cell(runs, 'candidate_recall')}")
        print(f"  second view: discriminants on modulation {cell(runs, 'view_2_accuracy')}")
        print(f"  both views fused, no graph               {cell(runs, 'fused_accuracy')}")
        print(f"  RR-Net, the paper's settings             {cell(paper_runs, 'accuracy')}")
        print(f"  RR-Net, examples/rrnet_{name}.yaml        {cell(runs, 'accuracy')}")
        print(f"    gain over the CNN                      {paired(runs, 'accuracy', 'baseline_accuracy')}")
        print(f"    gain over the fused views              {paired(runs, 'accuracy', 'fused_accuracy')}")
        print(f"  RR-Net as published (EnvNet features)    {PAPER[name]}")
        by_fold = ", ".join(f"{100 * run.metrics['test/accuracy']:.1f}" for run in runs)
        print(f"  RR-Net by fold                           {by_fold}")
        train, test = cell(runs, "true_class_score"), [run.metrics["train/true_class_score"] for run in runs]
        print(f"  score of the true class, test / train    {train} / {100 * statistics.mean(test):.1f}")
        if runs[0].metrics["data"]["note"]:
            print(f"  note: {runs[0].metrics['data']['note']}")


def ablations(options: argparse.Namespace) -> None:
    """One change at a time to examples/rrnet_esc50.yaml."""
    print("\nesc50, one change at a time: RR-Net, and the ceiling of the candidates, in %")
    for title in options.rows:
        runs = run_folds("examples/rrnet_esc50.yaml", options, ABLATIONS[title])
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
