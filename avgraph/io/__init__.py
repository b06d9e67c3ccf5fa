"""Files, and the rows of numbers they hold."""
