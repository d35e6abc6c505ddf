"""The key of a mark: read where a user keeps it, and never written anywhere."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pipeline.errors import ClearfieldError

VARIABLE = "env:"
"""Before the name of an environment variable, in the place of a file."""
SHORTEST = 16
"""Bytes of a key at least: what is shorter may be found by trying."""


class MarkKeyError(ClearfieldError):
    """A key that cannot be read, or is none."""


def read_key(where: str) -> bytes:
    """What a mark is drawn by: a hash of the key, of 32 bytes.

    Parameters
    ----------
    where : str
        A file that holds the key, or ``env:NAME`` for an environment variable. White space about the key does not
        count.

    Raises
    ------
    MarkKeyError
        If there is no such file or variable, or the key has fewer than 16 bytes. Nothing of the key is in the message.
    """
    file = key_file(where)
    key = (_of_variable(where.removeprefix(VARIABLE)) if file is None else _of_file(file)).strip()
    if len(key) < SHORTEST:
        raise MarkKeyError(
            f"{where}: holds a key of {len(key)} bytes; {SHORTEST} are needed, such as `openssl rand -hex 32` writes"
        )
    return hashlib.blake2b(key, digest_size=32, person=b"clearfield mark").digest()


def key_file(where: str) -> Path | None:
    """The file that is meant; None where it is a variable.

    Raises
    ------
    MarkKeyError
        If it begins with a home folder that is not there.
    """
    try:
        return None if where.startswith(VARIABLE) else Path(where).expanduser()
    except RuntimeError:
        raise MarkKeyError(f"{where}: there is no such home folder; write the path in full") from None


def fingerprint(key: bytes) -> str:
    """Eight letters by which a key is known again, and from which it does not follow."""
    return hashlib.blake2b(b"fingerprint", key=key, digest_size=4).hexdigest()


def _of_variable(name: str) -> bytes:
    try:
        return os.environb[name.encode()]
    except KeyError:
        raise MarkKeyError(f"no environment variable is called {name}; set it to the key of the mark") from None


def _of_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise MarkKeyError(
            f"{file}: no key can be read ({error.strerror}); write one by `openssl rand -hex 32 > FILE`, or name a "
            "variable that holds it, as env:NAME"
        ) from None
