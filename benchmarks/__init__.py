"""Speed and accuracy beside peers; each module is a command that prints a table."""
