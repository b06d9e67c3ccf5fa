"""Generated shapes that sound."""
