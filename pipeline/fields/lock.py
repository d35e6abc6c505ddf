"""One writer per file: a second run on the same output is refused while the first one lives."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ClearfieldError
from pipeline.store.aside import writing

WITHOUT_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
"""What a file system says that cannot lock."""


class OutputLockedError(ClearfieldError):
    """An output that another run is writing, or of which nobody could tell."""


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Keep an output for this process. The system lets go of it when the process ends, however it ends.

    Raises
    ------
    OutputLockedError
        If another process has it, or the file system has no locks.
    """
    path = out.with_name(f".{out.name}.lock")
    with writing(out):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have taken the name away between opening and locking.
            mine = path.is_file() and os.fstat(file.fileno()).st_ino == path.stat().st_ino
        except BlockingIOError:
            mine = False
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
            path.unlink(missing_ok=True)
            raise OutputLockedError(
                f"{out}: its file system knows no locks ({error.strerror}), without which two runs could write one "
                "file; write to another disk, or have it mounted with them (Lustre: -o flock)"
            ) from None
        if not mine:
            file.seek(0)
            raise OutputLockedError(
                f"{out}: another run is writing it (process {file.read().strip() or 'unknown'}); wait or stop it"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
