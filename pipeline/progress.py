"""Progress of long work: a bar where a person looks on, a line now and then in a log file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

from tqdm import tqdm

from pipeline.processes import leads

T = TypeVar("T")
_terminals: list[TextIO] = []


def progress(
    things: Iterable[T], what: str, total: int | None = None, unit: str = "it", initial: int = 0
) -> Iterator[T]:
    """Yield ``things`` under a bar that says what is done, how fast and how long it will take.

    The bar is on the terminal; where nobody looks on, it is a line every ten seconds on standard error. A
    process that only helps shows none.
    """
    terminal = next((file for file in (*_terminals, sys.stderr) if file.isatty()), None)
    yield from tqdm(
        things,
        desc=what,
        total=total,
        initial=initial,
        unit=unit,
        file=terminal or sys.stderr,
        dynamic_ncols=terminal is not None,
        mininterval=0.2 if terminal else 10.0,
        leave=terminal is None,
        disable=not leads(),
    )


@contextmanager
def shown_on(terminal: TextIO) -> Iterator[None]:
    """Show bars on this terminal while standard error goes to a log file."""
    _terminals.append(terminal)
    try:
        yield
    finally:
        _terminals.remove(terminal)
