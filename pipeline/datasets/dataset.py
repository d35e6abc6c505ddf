"""Images that a study can ingest, read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.errors import ClearfieldError
from pipeline.image import Image


class DatasetError(ClearfieldError):
    """A dataset without images, or with some of their files missing."""


@dataclass(frozen=True)
class Dataset:
    """Images in a fixed order; iteration reads each when it is its turn.

    Parameters
    ----------
    sources : dict of str to str
        Where each image comes from, by its id and in order: the words that a message names it by.
    read : callable
        Reads the image of an id.
    """

    sources: dict[str, str]
    read: Callable[[str], Image]

    def __iter__(self) -> Iterator[Image]:
        return (self.read(id) for id in self.sources)

    def __len__(self) -> int:
        return len(self.sources)
