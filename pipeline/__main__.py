"""`python -m pipeline` is the command `clearfield`."""

from pipeline.cli import main

main()
