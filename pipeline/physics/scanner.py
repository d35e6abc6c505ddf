"""Scanners: what a study's conditions, or the draws of its training, make of an instrument for slices of some size."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from pipeline.errors import ClearfieldError
from pipeline.image import Image
from pipeline.physics.operator import Operator


class ScannerError(ClearfieldError):
    """Slices that a scanner cannot take."""


class Scanner(ABC):
    """Instruments of one kind, for slices of one size.

    Parameters
    ----------
    settings : Scan
        What the study says of it: a section of ``degrade``.
    slice : Image
        Any of the slices, for its size, its bands and how wide its pixels are.

    Raises
    ------
    ScannerError
        If it lacks what the scanner has to know.
    """

    descriptors: ClassVar[tuple[str, ...]]
    """Names of the numbers by which a network tells one such instrument from another."""
    counts_mm: ClassVar[bool] = False
    """Whether it makes a difference to the data how wide pixels are."""

    def __init__(self, settings: Any, slice: Image) -> None:
        self.settings: Any = settings
        self.bands, self.size = len(slice.bands), (slice.shape[-2], slice.shape[-1])
        self.pixel = slice.pixel_mm

    @abstractmethod
    def of(self, settings: Any, *address: object) -> Operator:
        """The instrument of a condition; what is random of it follows from the address.

        Parameters
        ----------
        settings : Scan
            With one value of each axis.
        *address
        """

    @abstractmethod
    def batch(self, batch: np.random.Generator, each: Sequence[np.random.Generator]) -> tuple[Operator, list[Operator]]:
        """Instruments between the study's conditions for training: as one, and one by one with their own noise.

        Parameters
        ----------
        batch : Generator
            Draws what all instruments of a batch share.
        each : sequence of Generator
            Draw what each has alone.
        """

    def told(self, operator: Operator) -> Operator:
        """What restorers are told of an instrument: all of it, or less."""
        return operator

    def ranges(self) -> dict[str, list[float]]:
        """Least and greatest value of every descriptor over the conditions."""
        every = [self.of(cell, 0).descriptor() for cell in self.settings.one_by_one()]
        return {name: [min(d[name] for d in every), max(d[name] for d in every)] for name in self.descriptors}


def between(values: Sequence[float], random: np.random.Generator) -> float:
    """A number between the least and the greatest of some, evenly in its logarithm."""
    low, high = np.log(min(values)), np.log(max(values))
    return float(np.exp(low + random.random() * (high - low)))
