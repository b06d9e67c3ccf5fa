"""Edge lists sorted by node, and sums over the edges of a node."""
