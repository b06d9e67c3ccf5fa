"""Files of numbers and text: one set of checks a format, whoever reads it."""
