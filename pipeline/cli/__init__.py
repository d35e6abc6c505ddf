"""The command `clearfield`: every step of a study, and what a user does with its results.

Steps are imported inside their commands, so that help and configuration are there at once.
"""

from pipeline.cli import restoring, judging, telling, auditing, painting, comparing, translating, viewing, using  # noqa: F401, I001  # in the order of the help
from pipeline.cli.app import app, main

__all__ = ["app", "main"]
