"""Fit `SeparableCNN`s to labelled log-mels; a fitted network is cached by the content of its data and recipe."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from avgraph.encoders.augment import band_shift, circular_shift, colour, mixup, reverse
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.log_mels import LogmelCNN
from avgraph.encoders.memory import content_hash
from avgraph.encoders.separable_cnn import SeparableCNN
from avgraph.io.cache import kept
from avgraph.io.writing import save_tensors
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import freed_memory_kept, random_state_kept
from avgraph.runtime.side_by_side import side_by_side

CACHE_FORMAT = 3  # raise when the network or its training changes, so that old weights are not taken for new ones


def recipe(options: LogmelCNN, epochs: int) -> dict[str, Any]:
    """What a network depends on beside its clips and its seed, by name: a part of its key in the cache.

    Example:
        >>> recipe(LogmelCNN(), 5)["epochs"]
        5
    """
    names = {"channels", "width", "batch_size", "lr", "weight_decay", "mixup"}
    return {**options.model_dump(include=names), "epochs": epochs}


def fitted_cnns(
    x: Float[Tensor, "n 1 f t"],
    y: Int[Tensor, " n"],
    classes: int,
    fits: Sequence[tuple[Int[Tensor, " _"], int]],
    options: LogmelCNN,
    *,
    seed: int,
    context: EncodeContext,
) -> list[SeparableCNN]:
    """A network for every pair of rows and epochs: from the cache where it has been fitted before, else fitted now.

    On a CPU they are fitted side by side, with one thread each unless there are twice as many threads as networks:
    so five networks are the same on a machine with one core as on another with nine.
    """
    ours = [_Fit(x[rows], y[rows], classes, options, epochs, seed, context) for rows, epochs in fits]
    missing = [fit for fit in ours if not fit.is_kept]
    batches = sum(fit.epochs * fit.batches for fit in missing)
    title, quiet = f"encoder: fitting {len(missing)} networks", context.quiet or not missing
    with counted(batches, title, quiet=quiet) as advance, freed_memory_kept():

        def network(fit: _Fit, check: Callable[[], None]) -> SeparableCNN:
            def batch_done() -> None:
                check()
                advance(1)

            return fit.network(batch_done)

        at_most = None if context.device == "cpu" else 1
        return side_by_side([partial(network, fit) for fit in ours], at_most=at_most)


class _Fit:
    """One network with the clips it is fitted to and its random numbers; two fits share nothing."""

    def __init__(
        self, x: Tensor, y: Tensor, classes: int, options: LogmelCNN, epochs: int, seed: int, context: EncodeContext
    ) -> None:
        self.x, self.soft_label = x, F.one_hot(y, classes).float()
        self.options, self.epochs, self.seed, self.device = options, epochs, seed, context.device
        self.batches = max(1, len(x) // options.batch_size)  # of an epoch
        self.path: Path | None = None
        if context.cache is not None:
            how = {"recipe": recipe(options, epochs), "seed": seed}
            about = {"network": "separable_cnn", "format": CACHE_FORMAT, **how}
            self.path = context.cache / f"{content_hash(context, about, [x, y])}.pt"
        with random_state_kept():
            torch.manual_seed(seed)
            self.start = SeparableCNN(classes, options.channels, options.width)
            self.random_state = torch.get_rng_state()
        # A third faster than NCHW on two cores. Fitted or read back, a network has to be in the same format: the two
        # round differently.
        self.start.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def is_kept(self) -> bool:
        """Whether the network has been fitted before."""
        return self.path is not None and self.path.is_file()

    def network(self, batch_done: Callable[[], None]) -> SeparableCNN:
        """The network from the cache, else fitted now and kept; ``batch_done`` is called after every batch."""
        if self.path is None:
            return self._fitted(batch_done)
        return kept(self.path, self._read, lambda name: save_tensors(self._fitted(batch_done).state_dict(), name))

    def _read(self, path: Path) -> SeparableCNN:
        network = copy.deepcopy(self.start)
        network.load_state_dict(torch.load(path, weights_only=True))
        return network

    def _fitted(self, batch_done: Callable[[], None]) -> SeparableCNN:
        """Train with AdamW, one cycle, augmentation and mixup.

        Masking stripes (SpecAugment) was tried and left out: .54 with, .62 without (ESC-50, trained on folds 3-5,
        looked at on fold 2, one seed). What reversal and colouring each give was not measured apart. Halving the
        picture a block earlier saves a third of the time, and gave .68 and .69 (two ways) instead of .70, same split.
        """
        options, rng = self.options, np.random.default_rng(self.seed)
        generator = torch.Generator()
        generator.set_state(self.random_state)
        network = copy.deepcopy(self.start).to(self.device)
        # foreach: the same numbers in a tenth of the calls, for which the threads of Python would have to queue.
        optimizer = torch.optim.AdamW(network.parameters(), options.lr, weight_decay=options.weight_decay, foreach=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, options.lr, total_steps=max(1, self.epochs * self.batches), pct_start=0.2
        )
        network.train()
        for _ in range(self.epochs):
            order = torch.from_numpy(rng.permutation(len(self.x)))
            for rows in order.tensor_split(self.batches):
                picture = reverse(band_shift(circular_shift(self.x[rows], rng), 3, rng), rng)
                picture = colour(picture, 0.25, rng)
                picture, target = mixup(picture, self.soft_label[rows], options.mixup, rng)
                picture = picture.to(self.device, memory_format=torch.channels_last)
                loss = F.cross_entropy(network(picture, generator), target.to(self.device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                batch_done()
        return network.cpu()
