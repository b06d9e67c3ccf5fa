"""Where a training step of MMVAE-AVS spends its time: backbone, attention, latents, decoders; forward passes alone.

OMP_NUM_THREADS=1 python -m benchmarks.mmvae.step
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from statistics import median

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402

from avgraph.datasets import SoundingShapes  # noqa: E402
from avgraph.methods.mmvae import MMVAETask  # noqa: E402
from avgraph.methods.mmvae.latents import mean_of  # noqa: E402
from avgraph.methods.mmvae.options import MmvaeOptions  # noqa: E402
from avgraph.options.train import TrainOptions  # noqa: E402


def timed(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * median(times[1:])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args(argv).repeats
    torch.manual_seed(0)
    data = SoundingShapes(train_clips=16, val_clips=1, test_clips=1, recordings=5).load()
    task = MMVAETask(MmvaeOptions())
    task.bind(data, TrainOptions(), 0)
    task.log = lambda *a, **k: None
    task.train()
    clips = torch.arange(8)
    batch = task.clips.batch(clips, task.heard)
    network = task.network
    with torch.no_grad():
        scene, _ = task.scene(batch)
        maps = [side(part) for side, part in zip(network.lateral, network.backbone(scene.frame), strict=True)]
        looked = network.look(scene)
        latents, necks = network.prior.latents(looked), network.prior.necked(looked)
        size = (scene.frame.shape[2], scene.frame.shape[3])
        rows: dict[str, Callable[[], object]] = {
            "batch": lambda: task.clips.batch(clips, task.heard),
            "sounds": lambda: task.scene(batch),
            "backbone": lambda: network.backbone(scene.frame),
            "attention": lambda: [
                attend(part, listen(scene.sound), scene.clip, heard=scene.heard)
                for part, listen, attend in zip(maps, network.listen, network.attention, strict=True)
            ],
            "latents (prior)": lambda: network.prior.latents(looked),
            "latents (posterior)": lambda: network.posterior.latents(looked, batch.mask[:, None]),
            "necks": lambda: network.prior.necked(looked),
            "decoder": lambda: network.prior.decode(necks, latents, mean_of, size),
        }
        for name, work in rows.items():
            print(f"{name:22s} {timed(work, repeats):7.1f} ms CPU")
    whole = timed(lambda: task.training_step(clips, 0).backward(), repeats)
    print(f"{'whole step':22s} {whole:7.1f} ms CPU, with gradients")


if __name__ == "__main__":
    main()
