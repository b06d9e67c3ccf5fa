"""Experiments become runs: folders, training, folds."""
