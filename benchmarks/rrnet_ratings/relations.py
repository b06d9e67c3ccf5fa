"""Do the relations matter? RR-Net, gradient boosting on the statistics and myFM with links, without, and at random.

    python -m benchmarks.rrnet_ratings.relations --experiment examples/rrnet_filmtrust.yaml --keep /tmp/filmtrust
    python -m benchmarks.rrnet_ratings.relations --experiment examples/rrnet_filmtrust.yaml --seeds 0 \\
        --set train.epochs=5 graph.2.samples=20 graph.2.folds=2                # a quick try

A row is compared with the whole graph of its own model, split by split (`benchmarks.paired`), on all ratings and on
those of who is hardly known. Random links keep every user's number of them, in and out; random near edges every item's.
The statistics and the Bayesian machine are computed anew for other links, once a split. That candidates compete, as in
benchmarks.rrnet_images, has nothing to be taken from here: a rating is of one pair, and no pair competes with another.

With ``--keep FOLDER`` graphs and rows are kept as they come, and a table that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from torch_geometric.data import HeteroData

from avgraph.config import Experiment, load_experiment
from avgraph.graph.ratings import RATES
from avgraph.runtime.settings import run_settings
from avgraph.transforms import CoRated
from avgraph.transforms.rating_statistics import COLUMNS
from benchmarks.defaults.tables import markdown, spread
from benchmarks.kept import Kept
from benchmarks.paired import cells
from benchmarks.rrnet_ratings.baselines import BASELINES
from benchmarks.rrnet_ratings.graphs import Links, Split, rewired
from benchmarks.rrnet_ratings.measured import PARTS, linked_users, measured, rrnet

NEAR = ("item", "near", "item")
OF_LIKE_NODES = ("like_items", "co_rated_items", "like_users", "co_rating_users")
RRNET, BOOSTING, MACHINE = "RR-Net", "gradient boosting on statistics", "myFM ordinal, implicit, links"


@dataclass(frozen=True)
class Row:
    """What a row is trained on.

    Attributes:
        model: which.
        links: of users.
        messages: whether links and co-rated items are intra edges of RR-Net too.
        near: the co-rated items, or as many at random.
        like: whether pairs are told what like items and like users say.
    """

    model: str
    links: Links = "as they are"
    messages: bool = False
    near: Literal["co-rated", "random"] = "co-rated"
    like: bool = True


ROWS: Mapping[str, Row] = {
    "RR-Net, whole graph": Row(RRNET),
    "RR-Net, no links": Row(RRNET, links="none"),
    "RR-Net, random links": Row(RRNET, links="random"),
    "RR-Net, no statistics of like items and users": Row(RRNET, like=False),
    "RR-Net, neither links nor these": Row(RRNET, links="none", like=False),
    "RR-Net, intra edges as messages": Row(RRNET, messages=True),
    "RR-Net, random intra edges as messages": Row(RRNET, links="random", messages=True, near="random"),
    "boosting, whole graph": Row(BOOSTING),
    "boosting, no links": Row(BOOSTING, links="none"),
    "boosting, random links": Row(BOOSTING, links="random"),
    "boosting, no statistics of like items and users": Row(BOOSTING, like=False),
    "myFM, whole graph": Row(MACHINE),
    "myFM, no links": Row(MACHINE, links="none"),
    "myFM, random links": Row(MACHINE, links="random"),
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", required=True, help="a YAML file with method rrnet_ratings")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4], help="splits")
    parser.add_argument("--only", nargs="+", choices=[*ROWS], help="some of the rows")
    parser.add_argument("--set", nargs="+", default=[], help="overrides, such as method.head=squared")
    parser.add_argument("--split", choices=["val", "test"], default="test", help="ratings to measure on")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="graphs and rows as they come")
    args = parser.parse_args(argv)
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in args.only or ROWS}
    kept = Kept(args.keep)
    for seed in args.seeds:
        overrides = [f"dataset.seed={seed}", *args.set]
        split = Split(load_experiment(args.experiment, overrides), kept)
        messages = load_experiment(args.experiment, [*overrides, "method.intra_units=1"])
        for name, values in found.items():
            row = ROWS[name]
            if missing := _missing(row, split):
                print(f"# {name}: left out, {missing}", flush=True)
                continue
            of = {"experiment": split.experiment.to_dict(), "relations": args.split, "row": name}
            trained_by = messages if row.messages else split.experiment
            values.append(kept.numbers(of, partial(_measure, row, split, trained_by, seed, args.split)))
            errors = values[-1]["all"]
            print(f"# seed {seed}: {name}: MAE {errors['mae']:.4f}, RMSE {errors['rmse']:.4f}", flush=True)
    for part, meaning in PARTS.items():
        _print(part, meaning, {name: [one for one in values if part in one] for name, values in found.items()})


def _missing(row: Row, split: Split) -> str:
    """What a row needs and the experiment lacks."""
    steps = [getattr(step, "type", "") for step in split.experiment.graph or ()]
    if row.links != "as they are" and not row.messages and not split.has_links():
        return "the data have no links"
    if "rating_statistics" not in steps and (row.model == BOOSTING or not row.like):
        return "the graph has no step rating_statistics"
    return "the graph has no step rating_model" if row.model == MACHINE and "rating_model" not in steps else ""


def _measure(row: Row, split: Split, experiment: Experiment, seed: int, part: str) -> Mapping[str, Any]:
    """Errors of a row; who has links is told by the data as they are."""
    graph = split.graph(row.links)
    with run_settings(experiment.train.threads):
        data = _as_asked(graph, row)
        answer = rrnet(experiment, data) if row.model == RRNET else BASELINES[row.model](data, seed)
    return measured(data, answer, part, linked_users(split.data()))


def _as_asked(graph: HeteroData, row: Row) -> HeteroData:
    """A graph with the intra edges and the statistics of a row."""
    data = graph.clone()
    if row.messages:
        data = CoRated()(data)
        if row.near == "random":
            data[NEAR].edge_index = rewired(data[NEAR].edge_index, seed=0)
    if not row.like:
        keep = [place for place, name in enumerate(COLUMNS) if name.removesuffix("_weight") not in OF_LIKE_NODES]
        data[RATES].edge_attr = data[RATES].edge_attr[:, keep]
    return data


def _print(part: str, meaning: str, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """A table of both errors; the first row of a model is what its others are compared with."""
    if not any(found.values()):
        return
    some = next(values for values in found.values() if values)
    count = statistics.mean(one[part]["ratings"] for one in some)
    print(f"\n{part}: {meaning}, {count:.0f} a split; splits: {len(some)}; {some[0]['source']} data\n")
    head, lines = [""], []
    for key in ("MAE", "RMSE"):
        head += [key, "less the whole graph's", "p", "effect size"]
    first: dict[str, Sequence[Mapping[str, Any]]] = {}
    for name, values in found.items():
        if not values:
            continue
        base, line = first.setdefault(ROWS[name].model, values), [name]
        for key in ("mae", "rmse"):
            errors = [one[part][key] for one in values]
            compared = cells(errors, [one[part][key] for one in base]) if base is not values else ["", "", ""]
            line += [spread(errors), *compared]
        lines.append(line)
    print(markdown(head, lines))


if __name__ == "__main__":
    main()
