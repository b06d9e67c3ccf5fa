"""VEGAS: 28,103 clips of videos in 10 classes (Zhou et al., CVPR 2018), as features of audio-visual retrieval."""

from __future__ import annotations

from avgraph.datasets.audio_visual_features import AudioVisualFeatures


class VEGAS(AudioVisualFeatures):
    """VEGAS: 22,482 training, 5,621 test clips in 10 classes; options and graph are those of `AudioVisualFeatures`.

    The file is ``vegas_feature.h5``.

    Example:
        >>> VEGAS(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    name = "vegas"
    files = ("vegas_feature.h5", "vegas.h5", "vegas.mat")
    classes = 10
