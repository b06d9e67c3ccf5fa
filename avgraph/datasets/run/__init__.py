"""The graph of a finished run, or those of several side by side, as a data set."""
