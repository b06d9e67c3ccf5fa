"""What makes a graph of tables of numbers, without training."""
