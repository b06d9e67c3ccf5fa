"""Texts and sounds in the space of CLAP (Wu et al., ICASSP 2023); needs ``pip install "avgraph[clap]"``."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import DEFAULT_CONTEXT, EncodeContext
from avgraph.encoders.pretrained import load_pretrained, unit_rows_of, with_state
from avgraph.encoders.text import node_names
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store


class CLAP:
    """Encode waveforms ``waveform``, or else the texts ``name``, as unit rows ``x_<space>``, and the same as ``x``.

    Waveforms are mono and at the rate of the model (48 kHz in all published ones); nothing is resampled silently.

    Args:
        model: name on the Hugging Face hub, or a folder.
        space: name of the space.
        sampling_rate: of ``waveform``, in hertz.
        batch_size: items at a time.

    Shapes:
        waveform [n, samples], or name [n] → x_<space> [n, d]

    Raises:
        DataError: from ``encode``, if the library or the model is missing, or waveforms have another shape or rate.
    """

    def __init__(
        self,
        model: str = "laion/clap-htsat-unfused",
        space: str = "clap",
        sampling_rate: int = 48_000,
        batch_size: int = 16,
    ) -> None:
        self.model, self.space, self.sampling_rate, self.batch_size = model, space, sampling_rate, batch_size

    def encode(self, data: HeteroData, node: str, *, context: EncodeContext = DEFAULT_CONTEXT) -> HeteroData:
        """Return a shallow copy of ``data`` with the rows."""
        sounds = node_store(data, node).get("waveform")
        if sounds is not None and (
            not isinstance(sounds, Tensor) or sounds.dim() != 2 or not sounds.is_floating_point()
        ):
            got = f"{sounds.dtype} {list(sounds.shape)}" if isinstance(sounds, Tensor) else type(sounds).__name__
            raise DataError(f"clap: {node}.waveform: expected floating-point [n, samples], got {got}")
        items = node_names(data, node) if sounds is None else list(sounds.numpy())
        network, processor = load_pretrained("ClapModel", self.model, "clap", context.device)
        if sounds is None:
            rows = unit_rows_of(
                items,
                lambda part: processor(text=part, return_tensors="pt", padding=True, truncation=True),
                network.get_text_features,
                batch_size=self.batch_size, device=context.device, title=f"clap: {node}", quiet=context.quiet,
            )  # fmt: skip
        else:
            extractor = processor.feature_extractor
            if extractor.sampling_rate != self.sampling_rate:
                rates = f"{extractor.sampling_rate} Hz, got {self.sampling_rate} Hz"
                raise DataError(
                    f"clap: {node}.waveform: model {self.model!r} expects {rates}; resample, or say otherwise"
                )
            rows = unit_rows_of(
                items,
                lambda part: extractor(part, sampling_rate=self.sampling_rate, return_tensors="pt"),
                network.get_audio_features,
                batch_size=self.batch_size, device=context.device, title=f"clap: {node}", quiet=context.quiet,
            )  # fmt: skip
        return with_state(data, node, self.space, rows)

    def __repr__(self) -> str:
        return f"CLAP(model={self.model!r}, space={self.space!r})"
