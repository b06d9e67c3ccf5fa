"""The vocabulary of graphs: node types and their features, spaces of embeddings, masks."""
