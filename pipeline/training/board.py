"""TensorBoard's folder of a training: the curves of its losses and scores, and its strips of crops."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from pipeline.display import Picture
from pipeline.store.aside import writing


class Board:
    """Curves and strips in one folder, for as long as :func:`open_board` holds it open."""

    def __init__(self, writer: SummaryWriter, folder: Path) -> None:
        self._writer, self._folder = writer, folder

    def show(self, step: int, values: Mapping[str, Any], strips: Mapping[str, Picture]) -> None:
        """Add a point to the curve of every floating-point number, and a strip by each name.

        Raises
        ------
        StoreError
            If there is no room in the folder; maybe not before the next call, or the end.
        """
        with writing(self._folder):
            for name, value in values.items():
                if isinstance(value, float):
                    self._writer.add_scalar(name, value, step)
            for name, picture in strips.items():
                self._writer.add_image(name, picture, step, dataformats="HWC")


@contextmanager
def open_board(folder: Path, first: int) -> Iterator[Board]:
    """Open a folder; of what is there already, nothing from step ``first`` on is shown any more.

    Raises
    ------
    StoreError
        If there is no room in the folder, or no right to write to it.
    """
    with _quiet_thread():
        with writing(folder):
            writer = SummaryWriter(str(folder), purge_step=first)
        try:
            yield Board(writer, folder)
        except BaseException:
            # What ended the training is to be told, and not what keeps the board from being closed after it.
            with suppress(Exception):
                writer.close()
            raise
        with writing(folder):
            writer.close()


@contextmanager
def _quiet_thread() -> Iterator[None]:
    # TensorBoard writes in a thread of its own. An error there is raised here too, at the next call, and told once.
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not type(args.thread).__module__.startswith("tensorboard."):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
