"""What a run tells an encoder beside its options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class EncodeContext:
    """Seed, device and cache folder of the run that asks for an encoding.

    Args:
        seed: seed of the run; an encoder without its own ``seed`` option uses this one.
        device: where to compute, as torch names it.
        cache: folder in which an encoder may keep what is slow to compute; ``None`` keeps nothing.
        quiet: no progress lines.
        learned: where an encoder puts the tensors that it encodes new rows by (`EncoderOptions.encode_new`); ``None``
            keeps none.

    Example:
        >>> EncodeContext(seed=1).device
        'cpu'
    """

    seed: int = 0
    device: str = "cpu"
    cache: Path | None = None
    quiet: bool = True
    learned: dict[str, Any] | None = None


# For use outside a run; a frozen value is safe to share as a default argument.
DEFAULT_CONTEXT = EncodeContext()
