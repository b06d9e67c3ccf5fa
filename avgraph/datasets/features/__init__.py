"""Audio-visual clips as one published file of features: AVE and VEGAS."""
