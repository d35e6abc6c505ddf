"""Packages that not everybody installs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ClearfieldError


class MissingExtraError(ClearfieldError):
    """A package that is asked for and not installed."""


@contextmanager
def of_extra(extra: str, what: str) -> Iterator[None]:
    """Import packages of an extra of ``pyproject.toml`` inside this context.

    Parameters
    ----------
    extra : str
        Its name.
    what : str
        What needs them, for the message.

    Raises
    ------
    MissingExtraError
        If one is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{what} needs the package {error.name}, which is not installed; run: "
            f"pip install -c constraints.txt -e '.[{extra}]'"
        ) from None
