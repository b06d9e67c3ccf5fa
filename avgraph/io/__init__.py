"""Files: what a reference names, what their first bytes say."""
