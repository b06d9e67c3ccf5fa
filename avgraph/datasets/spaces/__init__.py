"""Items with a place in several embedding spaces: your own files, and a small set over real data."""
