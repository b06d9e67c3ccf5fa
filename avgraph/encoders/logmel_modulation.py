"""`logmel_modulation`: log-mel pictures → modulation spectra, and class probabilities by linear discriminants.

No network and no training loop: seconds where a CNN takes minutes. Shrinkage keeps the covariance of more features
than clips regular (Ledoit & Wolf 2004). Such discriminants are far too sure of themselves, so their scores are
divided by one temperature, chosen on training clips they have not seen (Guo et al., "On Calibration of Modern
Neural Networks", 2017).
"""

from __future__ import annotations

import copy
from typing import Any

from jaxtyping import Float
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.class_logits import best_temperature, check_two_classes, class_logits
from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.inner_folds import inner_folds
from avgraph.encoders.memory import remembered
from avgraph.encoders.modulation import modulation_spectrum
from avgraph.errors import DataError
from avgraph.tensors.rows import standardized

_FORMAT = 1  # raise when the features or the scores change, so that old results are not taken for new ones


class LogmelModulation:
    """Modulation spectra ``x`` [n, d] and ``score`` [n, classes] of log-mels; every training clip is scored unseen.

    Args:
        shrinkage: of the covariance within classes towards a multiple of the identity, between 0 and 1.
        scores: whether there are classes to score; without, only ``x`` is made and ``y`` is not read.

    Raises:
        DataError: without log-mels, classes (for scores) or training clips.

    Example:
        >>> from avgraph.datasets import Synthetic
        >>> data = LogmelModulation().encode(Synthetic(classes=3, clips_per_class=10).load(), "audio")
        >>> data["audio"].x.shape, data["audio"].score.shape
        (torch.Size([30, 844]), torch.Size([30, 3]))
    """

    def __init__(self, shrinkage: float = 0.4, scores: bool = True) -> None:
        self.shrinkage, self.scores = shrinkage, scores

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """A copy of ``data`` whose ``node`` store holds features and scores."""
        store = data[node]
        for needed in ("x", "y", "train_mask") if self.scores else ("x", "train_mask"):
            if needed not in store:
                what = "classed log-mels" if self.scores else "log-mels and a split"
                raise DataError(f"logmel_modulation: node type '{node}' has no '{needed}'; it needs {what}")
        train = store.train_mask.nonzero().flatten()
        if len(train) == 0:
            raise DataError(f"logmel_modulation: node type '{node}' has no training clip")
        about = {"encoder": "logmel_modulation", "format": _FORMAT}
        result = copy.copy(data)
        if not self.scores:
            found = remembered(context, about, [store.x, train], lambda: {"x": _standardized(store.x, train)})
            result[node].x = found["x"]
            return result
        groups, about = inner_folds(store, train), {**about, "shrinkage": self.shrinkage}
        found = remembered(
            context, about, [store.x, store.y, train, groups], lambda: self._encoded(store, train, groups)
        )
        result[node].x, result[node].score = found["x"], found["score"]
        return result

    def _encoded(self, store: Any, train: Tensor, groups: Tensor) -> dict[str, Tensor]:
        """Describe every clip and score it by a model that has not seen it."""
        x, y, classes = _standardized(store.x, train), store.y, int(store.y.max()) + 1
        logits = self._logits(x[train], y[train], x, classes)
        for fold in sorted(set(groups.tolist())):
            own, shared = train[groups == fold], train[groups != fold]
            logits[own] = self._logits(x[shared], y[shared], x[own], classes)
        return {"x": x, "score": (logits / best_temperature(logits[train], y[train])).softmax(1)}

    def _logits(self, x: Tensor, y: Tensor, rows: Tensor, classes: int) -> Float[Tensor, "m c"]:
        """Discriminant scores of ``rows`` by the model of ``x`` and ``y``."""
        check_two_classes("logmel_modulation", y)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=self.shrinkage).fit(x.double().numpy(), y.numpy())
        return class_logits(model, rows.double().numpy(), classes)

    def __repr__(self) -> str:
        return f"LogmelModulation(shrinkage={self.shrinkage}, scores={self.scores})"


def _standardized(logmel: Tensor, train: Tensor) -> Float[Tensor, "n d"]:
    """Modulation spectra with mean 0 and deviation 1 over the training clips."""
    return standardized(modulation_spectrum(logmel), train, added=1e-6)
