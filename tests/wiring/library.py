"""A stand-in for libraries of pretrained models, and encoders that use it."""

from __future__ import annotations

import sys
from functools import cached_property
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from tests.wiring.worlds import EncoderWorld


class Library(ModuleType):
    """A stand-in for a library of pretrained models, which are no part of the tests: it records how it is called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[Any] = []
        library = self

        class Model:
            feature_extractor: Any

            def __init__(self, model: str, device: str = "cpu") -> None:
                library.calls.append(("model", model))

            @classmethod
            def from_pretrained(cls, model: str) -> Any:
                made = cls(model)
                made.feature_extractor = made
                made.sampling_rate = 16_000
                return made

            def to(self, device: str) -> Any:
                return self

            def eval(self) -> Any:
                return self

            def __call__(self, part: Any = None, text: Any = None, **others: Any) -> dict[str, Tensor]:
                items = part if text is None else text
                library.calls.append(("items", len(items)))
                return {"x": torch.ones(len(items), 4)}

            def get_text_features(self, x: Tensor) -> Tensor:
                return x

            get_audio_features = get_text_features

            def encode(self, texts: list[str], **others: Any) -> Any:
                return torch.ones(len(texts), 4).numpy()

        self.CLIPModel = self.ClapModel = self.AutoProcessor = self.SentenceTransformer = Model


class PretrainedWorld(EncoderWorld):
    """An encoder whose library is a stand-in; ``calls`` are what it was asked."""

    @cached_property
    def data(self) -> HeteroData:
        """As of any encoder."""
        name = "sentence_transformers" if self.name == "sentence_transformers" else "transformers"
        before, stand_in = sys.modules.get(name), Library(name)
        sys.modules[name] = stand_in
        try:
            return EncoderWorld(self.name, self.options, self.source, self.node).data
        finally:
            self.__dict__["calls"] = stand_in.calls
            sys.modules.pop(name)
            if before is not None:
                sys.modules[name] = before
