"""Damaged files by the million: every reader returns, or says in one line what is wrong."""
