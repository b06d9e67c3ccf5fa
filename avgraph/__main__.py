"""`python -m avgraph`."""

from avgraph.cli import main

main()
