"""Default settings of the methods on data that nobody tuned for, beside a small grid and simple models."""
