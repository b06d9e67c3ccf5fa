"""Rows by pretrained models: CLIP and CLAP of the transformers library, and those of sentence-transformers."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.into_spaces import CLAP, CLIP
from avgraph.encoders.names import SentenceTransformers
from avgraph.encoders.text import node_names, with_features
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store
from avgraph.graph.spaces import state_name
from avgraph.runtime.progress import progress


def encode_clip(options: CLIP, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` with the rows of pictures, or else of names."""
    pictures = node_store(data, node).get("x")
    is_raw = isinstance(pictures, Tensor) and not pictures.is_floating_point()
    if is_raw and (pictures.dim() != 4 or pictures.shape[3] != 3 or str(pictures.dtype) != "torch.uint8"):
        got = f"{pictures.dtype} {list(pictures.shape)}"
        raise DataError(f"clip: {node}.x: expected pictures uint8 [n, h, w, 3], got {got}")
    items = list(pictures.numpy()) if is_raw else node_names(data, node)
    network, processor = load_pretrained("CLIPModel", options.model, "clip", context.device)
    if is_raw:
        given, project = partial(_pictures, processor), network.get_image_features
    else:
        given, project = partial(_texts, processor), network.get_text_features
    rows = encoded_in_batches(items, given, project, options.batch_size, title=f"clip: {node}", context=context)
    return with_state(data, node, options.space, rows)


def encode_clap(options: CLAP, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` with the rows of sounds, or else of names."""
    sounds = node_store(data, node).get("waveform")
    if sounds is not None and (not isinstance(sounds, Tensor) or sounds.dim() != 2 or not sounds.is_floating_point()):
        got = f"{sounds.dtype} {list(sounds.shape)}" if isinstance(sounds, Tensor) else type(sounds).__name__
        raise DataError(f"clap: {node}.waveform: expected floating-point [n, samples], got {got}")
    items = node_names(data, node) if sounds is None else list(sounds.numpy())
    network, processor = load_pretrained("ClapModel", options.model, "clap", context.device)
    if sounds is None:
        given, project = partial(_texts, processor), network.get_text_features
    else:
        expected, rate = processor.feature_extractor.sampling_rate, options.sampling_rate
        if expected != rate:
            told = f"model {options.model!r} expects {expected} Hz, got {rate} Hz"
            raise DataError(f"clap: {node}.waveform: {told}; resample, or say otherwise")
        given, project = partial(_sounds, processor.feature_extractor, rate), network.get_audio_features
    rows = encoded_in_batches(items, given, project, options.batch_size, title=f"clap: {node}", context=context)
    return with_state(data, node, options.space, rows)


def encode_sentences(options: SentenceTransformers, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A shallow copy of ``data`` with ``data[node].x``."""
    names = node_names(data, node)
    try:
        from sentence_transformers import SentenceTransformer  # seconds to import: only when it is used
    except ImportError as error:
        raise DataError(
            f'the encoder sentence_transformers needs: pip install "avgraph[text]" ({error}); '
            "the encoder 'hashing' needs nothing"
        ) from error
    try:
        model = SentenceTransformer(options.model, device=context.device)
    except (OSError, ValueError) as error:  # what the hub raises offline and for unknown names
        reason = str(error).strip().split("\n")[0]
        raise DataError(f"model {options.model!r} cannot be loaded: {reason}") from error
    # The class names of data sets write "_" for a space; case and punctuation are the model's to judge.
    texts = [name.replace("_", " ") for name in names]
    bar = not context.quiet and sys.stderr.isatty()
    encoded = model.encode(texts, convert_to_numpy=True, show_progress_bar=bar)
    x = np.array(encoded, dtype=np.float32)
    if x.ndim != 2 or len(x) != len(names):
        raise DataError(f"model {options.model!r}: expected vectors [{len(names)}, d], got {list(x.shape)}")
    if not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
        raise DataError(f"{node}.name: row {row}: model {options.model!r} gives NaN for {names[row]!r}")
    return with_features(data, node, x)


def _texts(processor: Any, part: list[str]) -> Mapping[str, Tensor]:
    given: Mapping[str, Tensor] = processor(text=part, return_tensors="pt", padding=True, truncation=True)
    return given


def _pictures(processor: Any, part: list[Any]) -> Mapping[str, Tensor]:
    given: Mapping[str, Tensor] = processor(images=part, return_tensors="pt")
    return given


def _sounds(extractor: Any, rate: int, part: list[Any]) -> Mapping[str, Tensor]:
    given: Mapping[str, Tensor] = extractor(part, sampling_rate=rate, return_tensors="pt")
    return given


def load_pretrained(kind: str, model: str, extra: str, device: str) -> tuple[Any, Any]:
    """Model, in evaluation mode, and processor.

    Args:
        kind: class of the model in `transformers`.
        model: name on the Hugging Face hub, or a folder.
        extra: extra of this package that installs the library.
        device: where to put the model.

    Raises:
        DataError: if the library is not installed or the model cannot be loaded.
    """
    try:
        import transformers  # seconds to import: only when it is used
    except ImportError as error:
        raise DataError(f'the encoder {extra} needs: pip install "avgraph[{extra}]" ({error})') from error
    try:
        network = getattr(transformers, kind).from_pretrained(model)
        processor = transformers.AutoProcessor.from_pretrained(model)
    except (OSError, ValueError) as error:  # what the hub raises offline and for unknown names
        raise DataError(f"model {model!r} cannot be loaded: {str(error).strip().splitlines()[0]}") from error
    return network.to(device).eval(), processor


@torch.no_grad()
def encoded_in_batches(
    items: Sequence[Any],
    prepare: Callable[[list[Any]], Mapping[str, Tensor]],
    project: Callable[..., Any],
    batch_size: int,
    *,
    title: str,
    context: EncodeContext,
) -> Tensor:
    """Rows of length 1 for items of any kind, some at a time.

    Args:
        items: texts, pictures or waveforms.
        prepare: some items → what the model takes.
        project: its features; newer versions of the library wrap them.
        batch_size: items at a time.
        title: of the progress bar.
        context: where to compute, and whether there is a progress bar.

    Raises:
        DataError: if the model gives something that is no finite row per item.
    """
    found = []
    for start in progress(range(0, len(items), batch_size), title, quiet=context.quiet):
        given = {
            name: value.to(context.device) for name, value in prepare(list(items[start : start + batch_size])).items()
        }
        output = project(**given)
        rows = output if isinstance(output, Tensor) else output.pooler_output
        found.append(rows.float().cpu())
    x = torch.cat(found)
    if x.dim() != 2 or len(x) != len(items) or not bool(x.isfinite().all()):
        raise DataError(f"{title}: expected finite rows [{len(items)}, d] of the model, got {list(x.shape)}")
    return F.normalize(x)


def with_state(data: HeteroData, node: str, space: str, x: Tensor) -> HeteroData:
    """A shallow copy of ``data`` with ``data[node]["x_<space>"]``, and the same as ``x``.

    Example:
        >>> with_state(HeteroData(text={"name": ["a"]}), "text", "clip", torch.ones(1, 1))["text"].x_clip
        tensor([[1.]])
    """
    result = copy.copy(data)
    result[node].x = result[node][state_name(space)] = x
    return result
