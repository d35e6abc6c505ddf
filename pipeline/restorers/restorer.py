"""What undoes an instrument: every restorer, classical or learned, answers this and nothing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from torch import Tensor

from pipeline.image import Image, Observation


class Restorer(ABC):
    """Turns an observation into an estimate of the scene."""

    @abstractmethod
    def restore(self, observation: Observation) -> Image:
        """Estimate the scene.

        Parameters
        ----------
        observation : Observation
            Data, mask, noise and instrument.

        Returns
        -------
        Image
            On the grid of the preview, in its unit; the mask is the preview's.
        """


class TunedRestorer(Restorer):
    """A classical restorer with settings that are chosen on the tune role.

    Classical methods are given every advantage: the true operator and noise, and the settings that are best on the tune role by
    the metric that they are judged by.
    """

    @classmethod
    @abstractmethod
    def candidates(cls) -> Iterable[dict[str, Any]]:
        """Settings worth trying, in coarse steps; :func:`pipeline.restorers.tuning.tune` refines about the best."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The settings in force, as plain numbers."""


__all__ = ["Restorer", "Tensor", "TunedRestorer"]
