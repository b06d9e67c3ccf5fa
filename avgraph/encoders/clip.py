"""Texts and pictures in the space of CLIP (Radford et al., ICML 2021); needs ``pip install "avgraph[clip]"``."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.pretrained import load_pretrained, unit_rows_of, with_state
from avgraph.encoders.text import node_names
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store


class CLIP:
    """Encode pictures ``x`` (uint8), or else the texts ``name``, as unit rows ``x_<space>``, and the same as ``x``.

    Args:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space.
        batch_size: items at a time.

    Shapes:
        x uint8 [n, h, w, 3], or name [n] → x_<space> [n, d]

    Raises:
        DataError: from ``encode``, if the library or the model is missing, or pictures have another shape.
    """

    def __init__(self, model: str = "openai/clip-vit-base-patch32", space: str = "clip", batch_size: int = 64) -> None:
        self.model, self.space, self.batch_size = model, space, batch_size

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """Return a shallow copy of ``data`` with the rows."""
        pictures = node_store(data, node).get("x")
        is_raw = isinstance(pictures, Tensor) and not pictures.is_floating_point()
        if is_raw and (pictures.dim() != 4 or pictures.shape[3] != 3 or str(pictures.dtype) != "torch.uint8"):
            got = f"{pictures.dtype} {list(pictures.shape)}"
            raise DataError(f"clip: {node}.x: expected pictures uint8 [n, h, w, 3], got {got}")
        items = list(pictures.numpy()) if is_raw else node_names(data, node)
        network, processor = load_pretrained("CLIPModel", self.model, "clip", context.device)
        if is_raw:
            rows = unit_rows_of(
                items,
                lambda part: processor(images=part, return_tensors="pt"),
                network.get_image_features,
                batch_size=self.batch_size, device=context.device, title=f"clip: {node}", quiet=context.quiet,
            )  # fmt: skip
        else:
            rows = unit_rows_of(
                items,
                lambda part: processor(text=part, return_tensors="pt", padding=True, truncation=True),
                network.get_text_features,
                batch_size=self.batch_size, device=context.device, title=f"clip: {node}", quiet=context.quiet,
            )  # fmt: skip
        return with_state(data, node, self.space, rows)

    def __repr__(self) -> str:
        return f"CLIP(model={self.model!r}, space={self.space!r})"
