"""Events that truly occur together: LIR on Clotho's recordings, each seen through two captions of different writers.

    AVGRAPH_DATA=../shared/data python -m benchmarks.lir_captions --seeds 5 --json captions.jsonl

No picture and no sound: the two "modalities" of a recording are the sentence embeddings (MiniLM) of two of its
captions, a stand-in, and the classes events that its five captions name by keywords. One event of a recording is its
annotation, chosen by the seed, as are the splits (70 / 10 / 20 %); the others are known to the scores alone. "MAP" asks
for the annotated event, "MAP of content" for any event of the query. Textbook MAP, test recordings, last epoch, both
directions averaged, mean ± standard deviation over the seeds; p is a paired t-test against no graph. γ, distillation
and the weight of false negatives are as in benchmarks/lir_graphs.py, chosen on nothing here. Lines that --json has are
not run again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.clip_graph import clip_graph
from avgraph.graph.provenance import Provenance
from benchmarks.lir import cell, declared, of_length
from benchmarks.lir_graphs import TRUE, knowing, trained, with_snapshots, with_truth
from benchmarks.paired import told

EVENTS = {
    "rain": "rain|raining|rains|drizzle", "thunder": "thunder", "wind": "wind|windy|breeze",
    "water": "water|stream|river|waves?|splash\\w*|drips?|dripping", "bird": "birds?|chirp\\w*|crows?|rooster",
    "dog": "dogs?|bark\\w*", "insect": "insects?|crickets?|bees?|cicadas?|bugs",
    "footsteps": "footsteps|walks?|walking|steps", "speech": "talk\\w*|speak\\w*|speech|conversation|voices?",
    "child": "child\\w*|kids?|baby", "crowd": "crowds?|audience|applau\\w*",
    "music": "music\\w*|melody|guitar|piano|drums?",
    "vehicle": "cars?|vehicles?|traffic|trucks?|bus|motorcycle", "train": "trains?|railway|tram",
    "machine": "machine\\w*|engines?|motor|drill\\w*|saw", "door": "doors?|gate", "bell": "bells?|chimes?|ring\\w*",
    "metal": "metal\\w*|clank\\w*|clang\\w*",
}  # fmt: skip
GAMMA = 0.05
ROWS: dict[str, dict[str, Any]] = {
    "no graph": {"interaction_weight": 0.0},
    "distilled": {"interaction_weight": 0.0, "distillation": 1.0},
    "false negatives": {"interaction_weight": 0.0, "false_negatives": 1.0},
    "both of these": {"interaction_weight": 0.0, "distillation": 1.0, "false_negatives": 1.0},
    "identity": {"dependencies": "identity"},
    "inferred": {},
    "permuted": {"dependencies": "permuted"},
    "stable": {"stability": 5 / 7},
    "inferred, positive": {"signs": "positive"},
    "permuted, positive": {"dependencies": "permuted", "signs": "positive"},
    TRUE: {},
}
MEASURED = {"MAP": "test/map", "MAP of content": "test/content_map"}
Row = dict[str, Any]


def recordings(root: Path) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings of two captions of every recording that has an event and two captions with embeddings; its events.

    Shapes:
        → [n, d], [n, d], flags [n, events]
    """
    with np.load(root / "text" / "minilm_captions.npz") as known:
        place = {str(text): row for row, text in enumerate(known["text"])}
        x = torch.from_numpy(known["x"].astype(np.float32))
    patterns = [re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for words in EVENTS.values()]
    first, second, held = [], [], []
    for part in ("train", "val", "test"):
        with (root / "captions" / f"clotho_{part}.csv").open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                captions = [line[f"caption_{k}"] for k in range(1, 6)]
                rows = [place[caption] for caption in dict.fromkeys(captions) if caption in place]
                events = [any(pattern.search(caption) for caption in captions) for pattern in patterns]
                if len(rows) > 1 and any(events):
                    first.append(rows[0])
                    second.append(rows[1])
                    held.append(events)
    return x[first], x[second], torch.tensor(held)


def graph_of(one: Tensor, other: Tensor, content: Tensor, seed: int) -> HeteroData:
    """The graph of a seed: which event is annotated, and in which split a recording is."""
    draw = torch.Generator().manual_seed(seed)
    y = torch.multinomial(content.double(), 1, generator=draw)[:, 0]
    place = torch.randperm(len(y), generator=draw).double() / len(y)
    split = (place >= 0.7).long() + (place >= 0.8).long()
    data = clip_graph(one, other, y, split, list(EVENTS), Provenance(dataset="clotho", source="real"))
    data["audio"].content = content
    together = content.double().T @ content.double()
    expected = content.double().sum(0)[:, None] * content.double().sum(0) / len(content)
    often = (together > expected) & ~torch.eye(len(EVENTS), dtype=torch.bool)
    pairs = often.repeat(2, 2).triu(1).nonzero().T
    data["concept", "co_occurs", "concept"].edge_index = pairs
    return with_truth(data)


def measured(data: HeteroData, seed: int, method: Mapping[str, Any], epochs: int, *, known: bool) -> Row:
    """The metrics of a run."""
    length = with_snapshots(of_length(epochs, 1e-3))
    experiment = declared("fsdd_digits", seed, {"interaction_weight": GAMMA, **method}, {"train.threads": 1, **length})
    with tempfile.TemporaryDirectory() as folder:
        return trained(knowing(experiment) if known else experiment, data, Path(folder) / "run").metrics()


def report(rows: Sequence[Row], titles: Sequence[str]) -> None:
    """Every row beside no graph, seed by seed."""
    found = {title: sorted((row for row in rows if row["row"] == title), key=lambda r: r["seed"]) for title in titles}
    print(f"| | {' | '.join(MEASURED)} | {' | '.join(f'{name} less no graph' for name in MEASURED)} |")
    print(f"|{'---|' * (1 + 2 * len(MEASURED))}")
    for title, own in found.items():
        values = {key: [row["metrics"][key] for row in own] for key in MEASURED.values()}
        cells = [cell(values[key]) for key in MEASURED.values()]
        plain = found.get("no graph", [])
        if title != "no graph" and [row["seed"] for row in plain] == [row["seed"] for row in own]:
            cells += [told(values[key], [row["metrics"][key] for row in plain]) for key in MEASURED.values()]
        else:
            cells += [""] * len(MEASURED)
        print(f"| {title} | {' | '.join(cells)} |")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), default=list(ROWS), metavar="ROW")
    parser.add_argument("--json", type=Path, required=True, help="file of all numbers")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", ".*torch.jit.*")
    lines = options.json.read_text().splitlines() if options.json.exists() else []
    rows: list[Row] = [json.loads(line) for line in lines]
    done = {(row["row"], row["seed"], row["epochs"]) for row in rows}
    one, other, content = recordings(Path(os.environ["AVGRAPH_DATA"]))
    for seed in range(options.seeds):
        data = graph_of(one, other, content, seed)
        for title in options.rows:
            if (title, seed, options.epochs) in done:
                continue
            found = measured(data, seed, ROWS[title], options.epochs, known=title == TRUE)
            rows.append({"row": title, "seed": seed, "epochs": options.epochs, "metrics": found})
            with options.json.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print(f"{len(content)} recordings, {len(EVENTS)} events, {float(content.sum(1).float().mean()):.2f} each")
    report([row for row in rows if row["epochs"] == options.epochs], options.rows)


if __name__ == "__main__":
    main()
