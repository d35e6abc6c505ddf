"""Runs one step: its threads, its log file, its closing line, and what is said when a disk is full."""

from __future__ import annotations

import logging
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeline import progress
from pipeline.errors import ClearfieldError
from pipeline.processes import end_with_the_first, leads
from pipeline.threads import use_threads

NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")


class OutputError(ClearfieldError):
    """A result that cannot be written."""


class UnforeseenError(ClearfieldError):
    """A mistake of Clearfield's own, whose traceback is in a log file."""


@contextmanager
def running(title: str, out: Path, log: Path | None = None, threads: int = 1) -> Iterator[None]:
    """Run a step inside this context.

    With a log file, everything that goes to standard error is in it, and the terminal shows warnings, progress bars,
    and one line at the end: the last message that the step gave to the logger ``clearfield``, or how long it took.
    A process that only helps another one says nothing but errors, where that one's errors go.

    Parameters
    ----------
    title : str
        The step and what it works on, such as ``train nafnet fold 1``.
    out : Path
        Where its result goes.
    log : Path, optional
        The log file.
    threads : int
        Cores to use.

    Raises
    ------
    OutputError
        If there is no room for the result.
    UnforeseenError
        If the step fails in a way that is no user's mistake, and its traceback is in the log file.
    """
    begin = time.monotonic()
    if not leads():
        end_with_the_first()
        logging.getLogger("clearfield").addHandler(logging.NullHandler())
        use_threads(threads)
        yield
        return
    with _messages(title, log) as closing:
        try:
            use_threads(threads)
            yield
        except ClearfieldError:
            raise  # it names the file that could not be written, if that is what is wrong
        except Exception as error:
            reason = next((reason for reason in NO_ROOM if _said(reason, error)), None)
            if reason:
                logging.getLogger("clearfield").debug("the disk refused", exc_info=error)
                raise OutputError(f"{out}: cannot be written: {reason.lower()}; make room, and run again") from None
            raise
        seconds = time.monotonic() - begin
        # In kibibytes on Linux.
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        logging.getLogger("clearfield").debug("%s: %.0f s, at most %.0f MiB of memory", title, seconds, memory)
        closing.show(f"{title}: done in {seconds:.0f} s")


class _Closing(logging.Handler):
    """Shows warnings on the terminal at once, and keeps the last message for the end."""

    def __init__(self, terminal: TextIO) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal
        self._last: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self._terminal.write(f"clearfield: {record.getMessage()}\n")
        else:
            self._last = record.getMessage()

    def show(self, otherwise: str) -> None:
        """Write the last message, or another line where there was none."""
        self._terminal.write(f"{self._last or otherwise}\n")
        self._terminal.flush()


@contextmanager
def _messages(title: str, log: Path | None) -> Iterator[_Closing]:
    logger = logging.getLogger("clearfield")
    with _standard_error_in(log) as terminal:
        closing = _Closing(terminal)
        handlers: list[logging.Handler] = [closing]
        if log is not None:
            to_file = logging.StreamHandler(sys.stderr)
            to_file.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
            handlers.append(to_file)
        for handler in handlers:
            logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.debug("%s", title)
        try:
            yield closing
        except Exception as error:
            if log is None:
                raise
            traceback.print_exc()
            if isinstance(error, ClearfieldError | OSError):
                raise
            found = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnforeseenError(f"{title} failed: {found} (a fault of Clearfield; {log} says where)") from None
        finally:
            for handler in handlers:
                logger.removeHandler(handler)


@contextmanager
def _standard_error_in(log: Path | None) -> Iterator[TextIO]:
    # By file descriptor, so that what libraries in C write is in the file as well.
    if log is None:
        yield sys.stderr
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    before, descriptor = sys.stderr, os.dup(2)
    with log.open("w", buffering=1) as file, os.fdopen(descriptor, "w", buffering=1) as terminal:
        os.dup2(file.fileno(), 2)
        sys.stderr = file
        try:
            with progress.shown_on(terminal):
                yield terminal
        finally:
            sys.stderr = before
            os.dup2(descriptor, 2)


def _said(reason: str, error: BaseException | None) -> bool:
    # HDF5, Arrow and safetensors each wrap the system's error in one of their own; all of them quote it.
    if error is None:
        return False
    return bool(re.search(reason, str(error), re.IGNORECASE)) or _said(reason, error.__cause__ or error.__context__)
