"""A made-up data set in the shape of ESC-50."""
