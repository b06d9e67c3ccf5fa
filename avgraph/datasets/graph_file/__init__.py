"""A graph of another program, or one that was exported, as data."""
