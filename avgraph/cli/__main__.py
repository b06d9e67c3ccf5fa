"""`python -m avgraph.cli`."""

from avgraph.cli import main

main()
