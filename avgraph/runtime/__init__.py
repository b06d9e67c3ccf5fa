"""What a run does to its process: signals, locks, progress."""
