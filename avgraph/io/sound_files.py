"""Which files are sounds, by their suffix: those that libsndfile reads. No numpy."""

from __future__ import annotations

from pathlib import Path

SOUNDS = (
    ".wav", ".flac", ".ogg", ".mp3", ".opus", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".oga", ".w64", ".rf64",
)  # fmt: skip


def is_sound(path: str | Path) -> bool:
    """Whether a file is called as a sound that can be read.

    Example:
        >>> is_sound("dog/a.WAV"), is_sound("dog/a.m4a")
        (True, False)
    """
    return Path(path).suffix.lower() in SOUNDS
