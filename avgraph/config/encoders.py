"""Options of the encoders: raw audio or text of one node type → feature vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from avgraph.options.base import Count, EncoderOptions, Name, NonNegative, Positive, Rate
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath


class LogmelCnnOptions(EncoderOptions):
    """A small CNN on log-mel pictures, fitted on the training clips.

    Attributes:
        channels: width of the embedding; ``width``: of the first convolution.
        out_of_fold: encode every training clip by a network that has not seen its fold.
        inner_epochs: of those networks.
        seed: of weights and augmentation; none takes that of the experiment.
    """

    type: Literal["logmel_cnn"] = "logmel_cnn"
    channels: Positive = 512
    width: Positive = 32
    epochs: Count = 60
    batch_size: Positive = 32
    lr: Rate = 3e-3
    weight_decay: NonNegative = 0.05
    mixup: NonNegative = 0.4
    out_of_fold: bool = True
    inner_epochs: Count = 30
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class LogmelModulationOptions(EncoderOptions):
    """Modulation spectra of log-mel pictures, and scores by linear discriminants: no network, seconds.

    Attributes:
        shrinkage: of the covariance within classes.
        scores: false leaves the discriminants out, for recordings without classes.
    """

    type: Literal["logmel_modulation"] = "logmel_modulation"
    shrinkage: Annotated[float, Field(ge=0, le=1)] = 0.4
    scores: bool = True


class PrecomputedOptions(EncoderOptions):
    """Vectors from files, or, with no file given, those that came with the data set.

    Attributes:
        x: feature vectors, one row per node; ``score``: class probabilities, one row per node.
    """

    path_keys = ("x", "score")

    type: Literal["precomputed"] = "precomputed"
    x: FilePath | None = None
    score: FilePath | None = None

    def inputs(self) -> Iterator[Input]:
        """The files of vectors and of scores."""
        yield from named(("x",), self.x, "numbers")
        yield from named(("score",), self.score, "numbers")


class LogisticRegressionOptions(EncoderOptions):
    """Class scores of the vectors that came with the data set, by logistic regression, out of fold.

    Attributes:
        strengths: inverse penalties to choose among, by training rows that were held out.
    """

    type: Literal["logistic_regression"] = "logistic_regression"
    strengths: Annotated[list[Rate], Field(min_length=1)] = Field(default=[0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3])


class HashingOptions(EncoderOptions):
    """Character n-grams of the names, hashed: needs no download."""

    type: Literal["hashing"] = "hashing"
    channels: Positive = 300


class GloveOptions(EncoderOptions):
    """GloVe word vectors of the names.

    Attributes:
        path: the text file of the vectors; none looks where the data are.
    """

    path_keys = ("path",)

    type: Literal["glove"] = "glove"
    path: FilePath | None = None

    def inputs(self) -> Iterator[Input]:
        """The file of word vectors."""
        return named(("path",), self.path, "vectors")


class SentenceTransformersOptions(EncoderOptions):
    """Sentence embeddings of the names, by a model of the sentence-transformers library."""

    type: Literal["sentence_transformers"] = "sentence_transformers"
    model: Name = "sentence-transformers/all-MiniLM-L6-v2"
