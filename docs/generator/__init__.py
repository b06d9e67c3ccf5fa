"""Pages that are made rather than written: the option reference and the reference of the Python API."""
