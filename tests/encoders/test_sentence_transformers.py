"""The wrapper around sentence-transformers, with a stand-in for the library: no model is downloaded here."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.encoders import EncodeContext, SentenceTransformers
from avgraph.errors import DataError


def install(monkeypatch: pytest.MonkeyPatch, rows: Any = None, error: Exception | None = None) -> list[Any]:
    """Put a stand-in into sys.modules; the list it returns records what it was called with."""
    calls: list[Any] = []

    class SentenceTransformer:
        def __init__(self, model: str, *, device: str) -> None:
            if error is not None:
                raise error
            calls.append((model, device))

        def encode(self, texts: list[str], *, convert_to_numpy: bool, show_progress_bar: bool) -> Any:
            calls.append((texts, convert_to_numpy, show_progress_bar))
            return np.array([[len(text), 1.0] for text in texts]) if rows is None else rows

    module = ModuleType("sentence_transformers")
    module.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return calls


def graph() -> HeteroData:
    return HeteroData(label={"name": ["Dog_bark", "rain"]})


def test_names_become_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = install(monkeypatch)
    data = graph()
    context = EncodeContext(device="cuda:1", quiet=False)
    x = SentenceTransformers(model="my/model").encode(data, "label", context=context)["label"].x
    assert calls == [("my/model", "cuda:1"), (["Dog bark", "rain"], True, False)]  # no bar without a terminal
    assert torch.equal(x, torch.tensor([[8.0, 1.0], [4.0, 1.0]]))
    assert list(data["label"].keys()) == ["name"]


def test_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(DataError, match=r'pip install "avgraph\[text\]"'):
        SentenceTransformers().encode(graph(), "label")


@pytest.mark.parametrize("error", [OSError("offline\nlong advice"), ValueError("offline")])
def test_model_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    install(monkeypatch, error=error)
    with pytest.raises(DataError, match=r"^model 'x' cannot be loaded: offline$"):
        SentenceTransformers(model="x").encode(graph(), "label")


def test_bad_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, rows=np.ones((1, 2)))
    with pytest.raises(DataError, match=r"expected vectors \[2, d\], got \[1, 2\]"):
        SentenceTransformers().encode(graph(), "label")
    install(monkeypatch, rows=np.array([[1.0], [np.nan]]))
    with pytest.raises(DataError, match=r"label\.name: row 1: .* gives NaN for 'rain'"):
        SentenceTransformers().encode(graph(), "label")


def test_repr() -> None:
    assert repr(SentenceTransformers()) == "SentenceTransformers(model='sentence-transformers/all-MiniLM-L6-v2')"
