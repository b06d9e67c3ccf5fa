"""Names in the graph of an audio-visual segmentation data set: clips of frames, what is heard in them, masks.

=================  =====================================================================================================
where              what
=================  =====================================================================================================
``clip``           ``name``; ``train_mask``, ``val_mask``, ``test_mask`` [c]; where clips have a class also ``y``
                   [c] (-1: none) and ``class_names``; where they are composed ``shown``, ``heard`` and
                   ``condition``, in words
``frame``          ``x`` uint8 [f, 3, H, W]; ``clip`` int64 [f], non-decreasing; ``mask`` uint8 [f, H, W], 1
                   where the sounding object is; ``labelled`` bool [f], False where a training frame's mask is
                   not known; the three split masks of its clip; ``name``; optional ``objects`` uint8 [f, H, W],
                   0 the background, k the visible part of the k-th object
``audio``          ``x`` uint8 (0 to 255) or float32 [a, bands, columns], log-mels; ``name``; optional ``y`` [a],
                   its class (-1: none or several), and the split masks of what has a class
`HEARD`            audio → frame, at most one a frame; a frame without one has no audio, a missing modality
`SWAPPED`          the sound of a silent object in the frame; edge attribute ``mask`` uint8 [e, H, W], that object
`OFF_SCREEN`       the sound of a class that the frame does not show: its true mask is empty
`SILENCE`          no sound: the true mask is empty
`NOISE`            noise: the true mask is empty
=================  =====================================================================================================

The relations beside `HEARD` are conditions to test under, over validation and test frames only; each is optional.
An audio node is a recording, or a second of one, and may serve many frames.
"""

from __future__ import annotations

from typing import Final

from avgraph.graph.vocabulary import EdgeType

CLIP: Final = "clip"
FRAME: Final = "frame"
AUDIO: Final = "audio"

HEARD: Final[EdgeType] = (AUDIO, "heard_in", FRAME)
SWAPPED: Final[EdgeType] = (AUDIO, "swapped_in", FRAME)
OFF_SCREEN: Final[EdgeType] = (AUDIO, "off_screen_in", FRAME)
SILENCE: Final[EdgeType] = (AUDIO, "silence_in", FRAME)
NOISE: Final[EdgeType] = (AUDIO, "noise_in", FRAME)

CONDITIONS: Final[tuple[EdgeType, ...]] = (SWAPPED, OFF_SCREEN, SILENCE, NOISE)
"""What a trained model is tested under beside what is truly heard."""
