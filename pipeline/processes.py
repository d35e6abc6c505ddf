"""Several processes that work on one step: the first of them speaks and writes, the others only help."""

from __future__ import annotations

import os
import threading
import time

PATIENCE = 3.0
"""Seconds that a process which helps leaves to the first one to say what went wrong for both of them."""


def leads() -> bool:
    """Whether this process is the first of those that share its work; True for one alone.

    By the variables that Lightning Fabric and torchrun give to the processes that they start.
    """
    if "LOCAL_RANK" not in os.environ:
        return True
    return int(os.environ.get("RANK", os.environ["LOCAL_RANK"])) == 0


def end_with_the_first() -> None:
    """End this process as soon as the one that started it is gone: it would wait for its answers for half an hour."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def let_the_first_speak() -> None:
    """Wait for the first process, where this one helps: what went wrong for both is said once.

    When the first one is still there after that, it knows of nothing, and this process has to say what it found.
    """
    if not leads():
        time.sleep(PATIENCE)
