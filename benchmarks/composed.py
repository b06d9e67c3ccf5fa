"""What each stage of examples/composed.yaml gives, beside what is had for nothing, over the five folds of the captions.

    OMP_NUM_THREADS=1 AVGRAPH_DATA=../shared/data python -m benchmarks.composed [--folds 1 2 3 4 5]

Test rows, last epoch, mean ± standard deviation over folds.

chance            MAP of random rankings; accuracy of the majority class of the training rows
caption bridge    nothing is trained beyond the two spaces: both sides by their similarity to every training text
linear, of sound  logistic regression on the modulation spectra of the recordings
linear, connected the same on their places in the connected space: what RR-Net starts from
no category graph RR-Net without the edges that GRaSP infers
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression

import avgraph
from avgraph.nn import path_similarity
from avgraph.runs.finished import Run
from benchmarks.cmcr import ranked, shown

EXAMPLES = Path(__file__).parents[1] / "examples"
TEMPERATURE = 0.05
WAYS = ("map_audio_to_image", "map_image_to_audio")
MATCHED = ("plan/audio_to_text_map", "cosine/audio_to_text_map")


def of_fold(fold: int, output: Path, changes: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Task → row → its number."""

    def train(name: str, overrides: Mapping[str, Any]) -> Run:
        return avgraph.train(EXAMPLES / name, {"output": str(output / str(fold)), **changes, **overrides})

    speech, pictures = (train(f"composed/{name}.yaml", {"dataset.fold": fold}) for name in ("speech", "pictures"))
    both = {"speech": str(speech.directory), "picture": str(pictures.directory)}
    connected = train("composed/connected.yaml", {"dataset.run": both})
    data = {"dataset.run": {"connected": str(connected.directory), "speech": str(speech.directory)}}
    whole = train("composed.yaml", data)
    steps = [step for step in whole.experiment.to_dict()["graph"] if step["type"] != "infer_dependencies"]
    without = train("composed.yaml", {**data, "graph": steps, "name": "rrnet-without"})
    return {
        "spoken caption to text, MAP": matched(speech),
        "picture to text, MAP": matched(pictures),
        "spoken caption to picture and back, MAP": {
            "chance": mean(connected.model.trivial().metrics),  # type: ignore[union-attr]
            "caption bridge": mean(bridge(connected)),
            "C-MCR": mean(connected.metrics),
        },
        "category of a spoken caption, accuracy": {
            "chance": whole.model.trivial().metrics["test/accuracy"],  # type: ignore[union-attr]
            "linear, of sound": linear(speech),
            "linear, connected": whole.metrics["test/baseline_accuracy"],
            "RR-Net, no category graph": without.metrics["test/accuracy"],
            "RR-Net": whole.metrics["test/accuracy"],
        },
    }


def matched(run: Run) -> dict[str, float]:
    """MAP of an m-LTM run by the coupling, and by chance."""
    coupled, cosine = (f"test/{name}" for name in MATCHED)
    chance = run.model.trivial()
    assert chance is not None
    return {"chance": chance.metrics[cosine], "m-LTM": run.metrics[coupled]}


def mean(numbers: Mapping[str, Any]) -> float:
    """Of both ways between recordings and pictures."""
    return sum(float(numbers[f"test/{way}"]) for way in WAYS) / len(WAYS)


def bridge(connected: Run) -> dict[str, float]:
    """Both sides by what they choose among the training texts."""
    graph = connected.graph
    text, audio, image = graph["text"], graph["audio"], graph["image"]
    through = (text.x_speech[text.train_mask], text.x_picture[text.train_mask])
    sides = audio.x_speech[audio.test_mask], image.x_picture[image.test_mask]
    found = ranked(path_similarity(*sides, through, TEMPERATURE), audio.y[audio.test_mask], image.y[image.test_mask])
    return {f"test/{way}": value for way, value in found.items()}


def linear(speech: Run) -> float:
    """Accuracy of a linear model of the recordings' features."""
    audio = speech.graph["audio"]
    model = LogisticRegression(max_iter=1000).fit(audio.x[audio.train_mask], audio.category[audio.train_mask])
    found = torch.from_numpy(model.predict(audio.x[audio.test_mask]))
    return float((found == audio.category[audio.test_mask]).double().mean())


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--epochs", type=int, help="of every stage; as in the examples if not given")
    options = parser.parse_args(argv)
    changes = {} if options.epochs is None else {"train.epochs": options.epochs}
    with tempfile.TemporaryDirectory() as folder:
        folds = [of_fold(fold, Path(folder), changes) for fold in options.folds]
    print("| task | row | test |\n|---|---|---|")
    for task, rows in folds[0].items():
        for row in rows:
            print(f"| {task} | {row} | {shown([fold[task][row] for fold in folds])} |", flush=True)


if __name__ == "__main__":
    main()
