"""Speed and accuracy of the package beside its peers: each module is a command that prints a table."""
