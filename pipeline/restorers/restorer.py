"""What undoes an instrument: every restorer, classical or learned, answers this and nothing more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from pipeline.image import Image
from pipeline.observation import Observation

Settings = dict[str, Any]
"""Settings of a classical restorer, as plain numbers that JSON can hold."""


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

    def restore_all(self, observations: Sequence[Observation]) -> list[Image]:
        """:meth:`restore` each; what works in batches overrides it, and its images are the same to rounding."""
        return [self.restore(observation) for observation in observations]


class TunedRestorer(Restorer):
    """A classical restorer, whose settings are chosen on the tune role (:func:`pipeline.restorers.tuning.tune`).

    Classical methods are given every advantage: the true operator and noise, what the train role tells of scenes, and
    the settings that are best on the tune role by the metric that they are judged by.

    Parameters
    ----------
    settings : dict
        As :func:`~pipeline.restorers.tuning.tune` found them. They are pure numbers, whatever the unit of the image,
        except for what was learned from scenes.
    """

    searched: ClassVar[dict[str, float]] = {}
    """The settings that are searched, each above 0, and the values at which to start."""

    denoises: ClassVar[bool] = False
    """Whether it needs a denoiser, whose model file its settings name as ``denoiser``; each fold has its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def learned(cls, truths: Iterable[Image]) -> Settings:  # noqa: ARG003
        """Settings that are measured on scenes of the train role; most methods need none."""
        return {}

    def path(self, observation: Observation) -> Iterator[tuple[Settings, Image]]:
        """Estimates on the way to the last, each with the settings by which :meth:`restore` gives it at once.

        A method that iterates yields every iterate, so that one run tells how far to go; any other yields its one
        estimate.
        """
        yield self.settings, self.restore(observation)

    def paths(self, observations: Sequence[Observation]) -> Iterator[tuple[Settings, list[Image]]]:
        """:meth:`path` of each, side by side."""
        for step in zip(*(self.path(observation) for observation in observations)):
            yield step[0][0], [image for _, image in step]
