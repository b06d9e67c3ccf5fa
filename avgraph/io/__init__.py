"""Files: where results may be written, and what they were made of."""
