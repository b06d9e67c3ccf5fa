"""Your own recordings and their classes."""
