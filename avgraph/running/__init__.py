"""The steps of a run: folder, graph, training, folds. `avgraph.run` puts them together."""
