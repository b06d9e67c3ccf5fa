"""Labelled sounds and labelled pictures, paired by class."""
