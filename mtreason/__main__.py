"""`python -m mtreason`."""

from mtreason.cli import main

main()
