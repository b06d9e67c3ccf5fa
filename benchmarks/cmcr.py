"""C-MCR on real sounds and pictures that share nothing but captions: baselines and the ablation rows of Table 5.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.cmcr main [--seeds 0 1 2]
    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.cmcr chain
    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.cmcr bridge --seeds 0 [--strongest 50 200]

Textbook MAP, audio to image and back, over the six classes that ESC-50 and CIFAR-10 share: sounds of a held-out fold,
test pictures, last epoch, mean ± standard deviation over the seeds. Seed s draws towers, readouts by chance, heads and
order, and tests on fold 1, 3, 4 for s = 0, 1, 2. Settings (batch size, epochs, learning rate, the temperatures of the
two bridges) were chosen on fold 2 as validation fold and on validation pictures; fold 2 is never tested.

chance          random embeddings
class bridge    nothing is trained: both sides are named among the six classes by the prompts of their own space
caption bridge  nothing is trained: both sides by their similarity to every caption, in their own space
pairs           upper bound: heads as C-MCR's, trained on pairs of the same class from the training rows
A … K           configs/cmcr/row_a.yaml …: K is the whole method
paths           configs/cmcr/paths.yaml: items of every modality, and targets over the captions; the example's settings

``chain``: three spaces, and nothing that both outer ones hold. "sound - words - picture" overlaps in AudioCaps, then in
Clotho captions, the middle space being hashed words. "sound - picture - features" overlaps in captions, then in
training pictures; the test pictures are known to the last space alone, by features that were never aligned with text.

``bridge``: the caption bridge as a path of edges, each sound and picture with its strongest captions in place of all.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch_geometric.data import HeteroData  # noqa: E402

from avgraph.config import Experiment, load_experiment  # noqa: E402
from avgraph.datasets.paired.cifar10 import load_cifar10_features  # noqa: E402
from avgraph.datasets.spaces.sound_picture import PROMPTS, centred  # noqa: E402
from avgraph.encoders import EncodeContext, Hashing  # noqa: E402
from avgraph.io.arrays import read_array  # noqa: E402
from avgraph.io.cache import cache_folder  # noqa: E402
from avgraph.metrics import mean_average_precision, scored_average_precision  # noqa: E402
from avgraph.nn import Projector, path_similarity  # noqa: E402
from avgraph.runs.pipeline import build_graph, build_task  # noqa: E402
from avgraph.transforms import ComposeEdges, MemoryEdges, SpaceGraph  # noqa: E402
from benchmarks.training import trained  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "configs" / "cmcr"
FOLDS = {0: 1, 1: 3, 2: 4}
ROWS = "abcdefghijk"
MASKS = ("train_mask", "val_mask", "test_mask")
WAYS = ("map_audio_to_image", "map_image_to_audio")
CLASS_TEMPERATURE, CAPTION_TEMPERATURE = 0.07, 0.05
Scores = dict[str, list[dict[str, float]]]


def data_folder() -> Path:
    return Path(os.environ["AVGRAPH_DATA"])


def declared(row: str, seed: int) -> Experiment:
    changes: dict[str, object] = {"seed": seed, "dataset.fold": FOLDS[seed], "dataset.val_fold": None}
    always = {"dataset.on_missing": [], "train.device": "cpu"}
    name = "paths" if row == "paths" else f"row_{row}"
    return load_experiment(CONFIGS / f"{name}.yaml", {**changes, **always})


def graph_of(seed: int) -> HeteroData:
    experiment = declared("k", seed)
    context = EncodeContext(seed=seed, cache=cache_folder("encoders"))
    return build_graph(experiment, build_task(experiment), context)


def connected(experiment: Experiment, graph: HeteroData) -> dict[str, float]:
    """Its metrics, the data loaded once a seed."""
    found = trained(build_task(experiment), graph, experiment).metrics()
    return {name: found[f"test/{name}"] for name in (*WAYS, "modality_gap_audio_image")}


def held_out(graph: HeteroData) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sounds, pictures, and their classes."""
    audio, image = graph["audio"], graph["image"]
    return (
        audio.x_sound[audio.test_mask], image.x_picture[image.test_mask],
        audio.y[audio.test_mask], image.y[image.test_mask],
    )  # fmt: skip


def ranked(score: Tensor, y: Tensor, y_other: Tensor) -> dict[str, float]:
    """MAP both ways of a table [sounds, pictures] of scores."""
    found = scored_average_precision(score, y, y_other), scored_average_precision(score.T, y_other, y)
    return dict(zip(WAYS, found, strict=True))


def bridge(graph: HeteroData, texts: tuple[Tensor, Tensor], temperature: float) -> dict[str, float]:
    """Sounds and pictures by their softmax over texts that both spaces know."""
    audio, image, y, y_other = held_out(graph)
    return ranked(path_similarity(audio, image, texts, temperature), y, y_other)


def path_bridge(graph: HeteroData, texts: tuple[Tensor, Tensor], temperature: float, k: int) -> dict[str, float]:
    """The same along edges to the ``k`` strongest texts of each."""
    audio, image, y, y_other = held_out(graph)
    data = HeteroData(audio={"x": audio}, image={"x": image}, text={"x_sound": texts[0], "x_picture": texts[1]})
    for node, state in (("audio", "x_sound"), ("image", "x_picture")):
        data = MemoryEdges("text", node, k=min(k, len(texts[0])), temperature=temperature, memory_state=state)(data)
    path = [("audio", "rev_recalled", "text"), ("text", "recalled", "image")]
    edges = ComposeEdges(path, k=len(image))(data)["audio", "composed", "image"]
    score = torch.zeros(len(audio), len(image))
    score[edges.edge_index[0], edges.edge_index[1]] = edges.edge_weight
    return ranked(score, y, y_other)


def prompts(graph: HeteroData) -> tuple[Tensor, Tensor]:
    """Per shared class the mean prompt of the sounds, and that of the pictures."""
    found = []
    for node, state in (("audio", "x_sound"), ("image", "x_picture")):
        store = graph[node]
        rows = [store.text[store.y == number].unique() for number in range(len(graph.provenance["classes"]))]
        found.append(torch.stack([F.normalize(graph["text"][state][row].mean(0), dim=0) for row in rows]))
    return found[0], found[1]


def captions(graph: HeteroData) -> tuple[Tensor, Tensor]:
    text = graph["text"]
    count = sum(not name.startswith(tuple(form.format("") for form in PROMPTS.values())) for name in text.name)
    return text.x_sound[:count], text.x_picture[:count]


def supervised(graph: HeteroData, seed: int, experiment: Experiment) -> dict[str, float]:
    """Heads trained on sounds and pictures of one class: what pairs are worth."""
    options: Any = experiment.method
    torch.manual_seed(seed)
    rows = []
    for node, state in (("audio", "x_sound"), ("image", "x_picture")):
        store = graph[node]
        own = store.train_mask & (store.y < len(graph.provenance["classes"]))
        rows.append((store[state][own], store.y[own]))
    heads = nn.ModuleList(Projector(x.shape[1], options.hidden_channels, options.channels) for x, _ in rows)
    optimizer = torch.optim.AdamW(heads.parameters(), lr=1e-3, weight_decay=0.01)
    steps = 300
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        batch = [torch.randint(len(y), (256,)) for _, y in rows]
        z = [F.normalize(head(x[b])) for head, (x, _), b in zip(heads, rows, batch, strict=True)]
        same = (rows[0][1][batch[0]][:, None] == rows[1][1][batch[1]]).float()
        score = z[0] @ z[1].T / 0.07
        loss = sum(
            -(table.log_softmax(1) * truth / truth.sum(1, keepdim=True).clamp_min(1)).sum(1).mean()
            for table, truth in ((score, same), (score.T, same.T))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    heads.eval()
    audio, image, y, y_other = held_out(graph)
    with torch.no_grad():
        return both(heads[0](audio), heads[1](image), y, y_other)


def both(audio: Tensor, image: Tensor, y: Tensor, y_other: Tensor) -> dict[str, float]:
    ways = ((audio, image, y, y_other), (image, audio, y_other, y))
    return {name: mean_average_precision(*way) for name, way in zip(WAYS, ways, strict=True)}


def shown(values: list[float]) -> str:
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{sd}"


def table(scores: Scores) -> None:
    print("| row | audio to image | image to audio | mean | gap |\n|---|---|---|---|---|")
    for name, runs in scores.items():
        cells = [shown([run[way] for run in runs]) for way in WAYS]
        mean = shown([statistics.mean(run[way] for way in WAYS) for run in runs])
        gaps = [run["modality_gap_audio_image"] for run in runs if "modality_gap_audio_image" in run]
        print(f"| {name} | {' | '.join(cells)} | {mean} | {shown(gaps) if gaps else ''} |", flush=True)


def main_table(options: argparse.Namespace) -> None:
    scores: Scores = {}
    for seed in options.seeds:
        graph = graph_of(seed)
        y, y_other = held_out(graph)[2:]
        torch.manual_seed(seed)
        found = {
            "chance": both(torch.randn(len(y), 64), torch.randn(len(y_other), 64), y, y_other),
            "class bridge": bridge(graph, prompts(graph), CLASS_TEMPERATURE),
            "caption bridge": bridge(graph, captions(graph), CAPTION_TEMPERATURE),
            "pairs": supervised(graph, seed, declared("k", seed)),
        }
        for row in options.rows:
            start = time.perf_counter()
            found[row.upper()] = connected(declared(row, seed), graph)
            print(f"seed {seed} row {row.upper()} {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        for name, numbers in found.items():
            scores.setdefault(name, []).append(numbers)
        print(f"\nafter seed {seed}:")
        table(scores)


def words_chain(graph: HeteroData) -> HeteroData:
    """Sound, words, picture: the outer spaces overlap with the middle one in different captions."""
    text, three = graph["text"], HeteroData()
    is_audiocaps = torch.from_numpy(read_array("text/minilm_captions.npz:source", data_folder()) == "audiocaps")
    hashed = centred(
        Hashing(channels=300).encode(HeteroData(text={"name": text.name}), "text")["text"].x, len(is_audiocaps)
    )
    for node, is_own, space, x in (
        ("audiocaps", is_audiocaps, "sound", text.x_sound), ("clotho", ~is_audiocaps, "picture", text.x_picture)
    ):  # fmt: skip
        rows = is_own.nonzero()[:, 0]
        three[node][f"x_{space}"], three[node].x_words, three[node].num_nodes = x[rows], hashed[rows], len(rows)
    for node in ("audio", "image"):
        copy_rows(graph[node], three[node], slice(None), (*MASKS, "x_sound", "x_picture"))
    return three


def pictures_chain(graph: HeteroData) -> HeteroData:
    """Sound, picture, features: texts, then training pictures; test pictures are known by their bare features alone."""
    three, train = HeteroData(), graph["image"].train_mask
    x = load_cifar10_features(data_folder() / "cifar10").x
    features = F.normalize(x - x[train].mean(0))
    three["text"].x_sound, three["text"].x_picture = graph["text"].x_sound, graph["text"].x_picture
    three["pictures"].x_picture, three["pictures"].x_features = graph["image"].x_picture[train], features[train]
    for node in ("text", "pictures"):
        three[node].num_nodes = len(three[node].x_picture)
    copy_rows(graph["audio"], three["audio"], slice(None), (*MASKS, "x_sound"))
    test = graph["image"].test_mask
    copy_rows(graph["image"], three["image"], test, MASKS)
    three["image"].x_features = features[test]
    return three


def copy_rows(source: Any, target: Any, rows: Any, names: Sequence[str]) -> None:
    for name in ("y", *names):
        if name in source:
            target[name] = source[name][rows]


def bridges(options: argparse.Namespace) -> None:
    scores: Scores = {}
    for seed in options.seeds:
        graph = graph_of(seed)
        given = graph, captions(graph), CAPTION_TEMPERATURE
        scores.setdefault("all captions", []).append(bridge(*given))
        for k in options.strongest:
            scores.setdefault(f"the {k} strongest", []).append(path_bridge(*given, k))
    table(scores)


def chain(options: argparse.Namespace) -> None:
    scores: Scores = {}
    for seed in options.seeds:
        graph = graph_of(seed)
        for name, make in (("sound - words - picture", words_chain), ("sound - picture - features", pictures_chain)):
            three = SpaceGraph()(make(graph))
            modalities = ", ".join(three["space", "overlaps", "space"].modality)
            print(f"seed {seed} {name}: overlaps {modalities}", file=sys.stderr, flush=True)
            scores.setdefault(name, []).append(connected(declared("k", seed), three))
        print(f"\nafter seed {seed}:")
        table(scores)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["main", "chain", "bridge"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], choices=list(FOLDS))
    parser.add_argument("--rows", nargs="+", default=[*ROWS, "paths"], choices=[*ROWS, "paths"])
    parser.add_argument("--strongest", type=int, nargs="+", default=[50, 200])
    options = parser.parse_args(argv)
    {"main": main_table, "chain": chain, "bridge": bridges}[options.what](options)


if __name__ == "__main__":
    main()
