"""Your own arrays as a graph."""
