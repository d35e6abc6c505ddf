"""The command itself, to which every group of commands adds its own, and what a user sees of a mistake."""

from __future__ import annotations

import sys

import typer

from pipeline.errors import ClearfieldError
from pipeline.processes import let_the_first_speak

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Restore blurred and noisy scientific images, cross-validated. `snakemake` runs the steps in order.",
)  # fmt: skip


def main() -> None:
    """Run the command; a user's mistake becomes one line on standard error and exit code 1."""
    try:
        app(prog_name="clearfield")
    except (ClearfieldError, OSError) as error:
        let_the_first_speak()
        sys.stderr.write(f"clearfield: {_one_line(error)}\n")
        sys.exit(1)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or '').lower()}"
    return " ".join(str(error).split())
