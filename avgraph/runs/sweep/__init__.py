"""One experiment with many settings: planned, run side by side, resumed, and the best one chosen on validation."""
