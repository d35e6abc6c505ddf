"""What the settings of all scanners share: instruments of which every datum reads the whole slice."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from typing import Any, ClassVar

from pipeline.config.settings import Settings
from pipeline.config.width import plain_number


class Scan(Settings):
    """How slices are scanned. A list of several values makes several conditions."""

    axes: ClassVar[dict[str, str]] = {}
    """Settings that may have several values, one condition each, and how one value reads: ``{:g} views``."""

    def one_by_one(self) -> list[Any]:
        """The same with one value of each axis, every combination, the first axis outside."""
        values = [[(axis, [value]) for value in getattr(self, axis)] for axis in self.axes]
        return [self.model_copy(update=dict(chosen)) for chosen in itertools.product(*values)]

    @abstractmethod
    def undegraded(self) -> Any:
        """The scan that nothing was taken from, one condition."""

    @property
    def name(self) -> str:
        """Name of a condition, of one value of each axis: ``dose0.25_views180``."""
        return "_".join(f"{axis}{plain_number(getattr(self, axis)[0])}" for axis in self.axes)

    @property
    def in_words(self) -> str:
        """A condition in words."""
        return ", ".join(words.format(getattr(self, axis)[0]) for axis, words in self.axes.items())
