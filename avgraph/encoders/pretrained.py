"""What the encoders of pretrained spaces share: loading a model of the transformers library, unit rows in batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.graph.spaces import state_name
from avgraph.runtime.progress import progress


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
def unit_rows_of(
    items: Sequence[Any],
    prepare: Callable[[list[Any]], Mapping[str, Tensor]],
    project: Callable[..., Any],
    *,
    batch_size: int,
    device: str,
    title: str,
    quiet: bool,
) -> Tensor:
    """Rows of length 1 for items of any kind, some at a time.

    Args:
        items: texts, pictures or waveforms.
        prepare: some items → what the model takes.
        project: its features; newer versions of the library wrap them.
        batch_size: items at a time.
        device: where to compute.
        title: of the progress bar; ``quiet``: whether there is none.

    Raises:
        DataError: if the model gives something that is no finite row per item.
    """
    found = []
    for start in progress(range(0, len(items), batch_size), title, quiet=quiet):
        given = {name: value.to(device) for name, value in prepare(list(items[start : start + batch_size])).items()}
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
