"""Stamps with spoken and written captions."""
