"""AVE: 1,955 clips of videos in 15 classes (Tian et al., ECCV 2018), as features of audio-visual retrieval."""

from __future__ import annotations

from avgraph.datasets.audio_visual_features import AudioVisualFeatures


class AVE(AudioVisualFeatures):
    """AVE: 1,564 training, 391 test clips in 15 classes; options and graph are those of `AudioVisualFeatures`.

    The file is ``AVE_feature_updated_squence.h5``.

    Example:
        >>> AVE(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    name = "ave"
    files = ("AVE_feature_updated_squence.h5", "ave_feature.h5", "ave.h5", "ave.mat")
    classes = 15
