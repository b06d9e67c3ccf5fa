"""Files in and out: one set of checks a format, whole or not at all."""
