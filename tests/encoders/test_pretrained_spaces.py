"""CLIP and CLAP through small, randomly initialised models of the transformers library, where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.encoders import CLAP, CLIP, Views
from avgraph.errors import DataError

SMALL = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
NAMES = ["a dog barks", "rain", "cats and dogs", "a car"]


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("transformers", reason="the extras [clip] and [clap] are not installed")


def tokenizer(library: Any) -> Any:
    letters = [chr(code) for code in range(97, 123)]
    words = ["<pad>", "<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {word: number for number, word in enumerate(words)}
    return library.CLIPTokenizer(vocab=vocabulary, merges=[], pad_token="<pad>")


@pytest.fixture(scope="module")
def clip(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    text = {**SMALL, "vocab_size": 60, "max_position_embeddings": 40, "eos_token_id": 2, "bos_token_id": 1}
    vision = {**SMALL, "image_size": 32, "patch_size": 16}
    config = library.CLIPConfig(text_config={**text, "pad_token_id": 0}, vision_config=vision, projection_dim=8)
    library.CLIPModel(config).save_pretrained(folder)
    pictures = library.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    library.CLIPProcessor(image_processor=pictures, tokenizer=tokenizer(library)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clap(library: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap")
    torch.manual_seed(0)
    audio = {
        "hidden_size": 8, "patch_embeds_hidden_size": 4, "depths": [1, 1], "num_attention_heads": [2, 2],
        "num_hidden_layers": 2, "spec_size": 64, "num_mel_bins": 16, "window_size": 2, "patch_size": 4,
        "patch_stride": [4, 4], "num_classes": 2, "projection_dim": 8,
    }  # fmt: skip
    text = {**SMALL, "vocab_size": 60, "max_position_embeddings": 60, "projection_dim": 8, "pad_token_id": 0}
    library.ClapModel(library.ClapConfig(text_config=text, audio_config=audio, projection_dim=8)).save_pretrained(
        folder
    )
    extractor = library.ClapFeatureExtractor(
        feature_size=16, max_length_s=1, sampling_rate=16_000, hop_length=250, fft_window_size=512, frequency_max=8000,
        truncation="rand_trunc",
    )  # fmt: skip
    library.ClapProcessor(feature_extractor=extractor, tokenizer=tokenizer(library)).save_pretrained(folder)
    return folder


def test_texts_and_pictures_of_clip(clip: Path) -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 255, (5, 40, 50, 3)).astype(np.uint8))
    data = HeteroData(image={"x": pictures}, text={"name": NAMES})
    for node, count in (("image", 5), ("text", 4)):
        once = CLIP(model=str(clip)).encode(data, node)[node].x_clip
        assert once.shape == (count, 8)
        torch.testing.assert_close(once.norm(dim=1), torch.ones(count))
        torch.testing.assert_close(CLIP(model=str(clip), batch_size=2).encode(data, node)[node].x_clip, once)
        assert len(once.unique(dim=0)) == count
    assert "x_clip" not in data["image"]
    with pytest.raises(
        DataError, match=r"clip: image\.x: expected pictures uint8 \[n, h, w, 3\], got torch\.uint8 \[5, 3"
    ):
        CLIP(model=str(clip)).encode(HeteroData(image={"x": pictures.permute(0, 3, 1, 2)}), "image")


def test_texts_and_sounds_of_clap(clap: Path) -> None:
    data = HeteroData(audio={"waveform": torch.randn(3, 16_000)}, text={"name": NAMES})
    for node, count in (("audio", 3), ("text", 4)):
        rows = CLAP(model=str(clap), sampling_rate=16_000).encode(data, node)[node].x_clap
        assert rows.shape == (count, 8)
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(count))
    with pytest.raises(DataError, match="expects 16000 Hz, got 48000 Hz"):
        CLAP(model=str(clap)).encode(data, "audio")
    with pytest.raises(DataError, match=r"audio\.waveform: expected floating-point \[n, samples\]"):
        CLAP(model=str(clap)).encode(HeteroData(audio={"waveform": torch.zeros(3)}), "audio")


def test_texts_may_be_in_both_spaces(clip: Path, clap: Path) -> None:
    views = Views([CLIP(model=str(clip)), CLAP(model=str(clap))])
    both = views.encode(HeteroData(text={"name": NAMES}), "text")["text"]
    assert both.x_clip.shape == both.x_clap.shape == (4, 8)
    assert not torch.equal(both.x_clip, both.x_clap)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    for encoder, extra in ((CLIP(), "clip"), (CLAP(), "clap")):
        with pytest.raises(DataError, match=rf'the encoder {extra} needs: pip install "avgraph\[{extra}\]"'):
            encoder.encode(HeteroData(text={"name": NAMES}), "text")


def test_a_model_that_cannot_be_loaded(library: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"model .* cannot be loaded"):
        CLIP(model=str(tmp_path)).encode(HeteroData(text={"name": NAMES}), "text")
