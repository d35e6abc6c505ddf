"""Progress of long work: a bar where a person looks on, a line now and then in a log file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(things: Iterable[T], what: str, total: int | None = None, unit: str = "it") -> Iterator[T]:
    """Yield ``things`` under a bar on standard error that says what is done, how fast and how long it will take."""
    watched = sys.stderr.isatty()
    yield from tqdm(
        things, desc=what, total=total, unit=unit, dynamic_ncols=watched, mininterval=0.2 if watched else 10.0, leave=True
    )
