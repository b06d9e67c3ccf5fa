"""Recordings with captions: AudioCaps and Clotho."""
