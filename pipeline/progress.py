"""Progress of long work: a bar where a person looks on, a line now and then in a log file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, TextIO, TypeVar

from tqdm import tqdm

from pipeline.processes import leads

T = TypeVar("T")
_terminals: list[TextIO] = []
_WITH_WORDS = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}, {remaining} left{postfix}"
SHORTEST_WAIT = 10.0
"""Seconds between two lines in a log file, at least ..."""
LONGEST_SHARE = 0.05
"""... and this share of the time gone by: a day's work takes 200 lines, an hour's 80."""


def _nothing() -> str:
    return ""


def progress(
    things: Iterable[T],
    what: str,
    total: int | None = None,
    unit: str = "it",
    initial: int = 0,
    said: Callable[[], str] = _nothing,
) -> Iterator[T]:
    """Yield ``things`` under a bar that says what is done, how fast and how long it will take.

    The bar is on the terminal; where nobody looks on, it is a line now and then on standard error, ever more rarely. A
    process that only helps shows none.

    Parameters
    ----------
    things : iterable
    what : str
        What is being done.
    total : int, optional
        How many things there are, those before ``initial`` with them.
    unit : str
        What one thing is called.
    initial : int
        How many were done before.
    said : callable, optional
        Gives words to stand in the place of the speed; asked only when they are shown.
    """
    if not leads():
        yield from things
        return
    total = len(things) if total is None and isinstance(things, Sized) else total
    terminal = next((file for file in (*_terminals, sys.stderr) if file.isatty()), None)
    if terminal is None:
        yield from _in_lines(things, what, total, unit, initial, said)
    else:
        shape = {"bar_format": _WITH_WORDS} if said is not _nothing else {}
        place: dict[str, Any] = {"file": terminal, "dynamic_ncols": True, "mininterval": 0.2, "leave": False}
        yield from _Bar(things, said, desc=what, total=total, initial=initial, unit=unit, **shape, **place)


@contextmanager
def shown_on(terminal: TextIO) -> Iterator[None]:
    """Show bars on this terminal while standard error goes to a log file."""
    _terminals.append(terminal)
    try:
        yield
    finally:
        _terminals.remove(terminal)


class _Bar(tqdm):
    """A bar that asks for its words each time that it is drawn."""

    def __init__(self, things: Iterable[T], said: Callable[[], str], **settings: Any) -> None:
        self._said = said
        super().__init__(things, **settings)

    @property
    def format_dict(self) -> dict[str, Any]:
        return {**super().format_dict, "postfix": self._said()}


def _in_lines(
    things: Iterable[T], what: str, total: int | None, unit: str, initial: int, said: Callable[[], str]
) -> Iterator[T]:
    start = shown = time.monotonic()
    done = initial

    def show(*times: str) -> None:
        count = f"{done}" if total is None else f"{done}/{total}"
        speed = said() or _speed(done - initial, time.monotonic() - start, unit)
        sys.stderr.write(f"{what}: {', '.join((count, *times, speed))}\n")

    for thing in things:
        yield thing
        done += 1
        now = time.monotonic()
        if now - shown >= max(SHORTEST_WAIT, LONGEST_SHARE * (now - start)) and done != total:
            gone, shown = now - start, now
            left = [] if total is None else [f"{tqdm.format_interval(gone / (done - initial) * (total - done))} left"]
            show(f"{tqdm.format_interval(gone)} gone", *left)
    show(f"done in {tqdm.format_interval(time.monotonic() - start)}")


def _speed(done: int, seconds: float, unit: str) -> str:
    if done <= 0 or seconds <= 0:
        return f"0 {unit}/s"
    return f"{done / seconds:.3g} {unit}/s" if done >= seconds else f"{seconds / done:.3g} s/{unit}"
