"""Restorers of positive scenes that are likelier at every iteration, and stopped before they fit the noise."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from itertools import islice
from typing import ClassVar

import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.observation import Observation
from pipeline.physics import Operator
from pipeline.restorers.batches import batches, whitened_together
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened

UNSEEN = 1e-3
"""A pixel whose light reaches trusted data with less than this share is left as it is."""


class Stopped(TunedRestorer):
    """Iterates over scenes above a pedestal.

    The tuned ``pedestal`` is the level, in sigmas of the noise, to which the sky is raised: the lower, the harder is
    positivity pressed on the sky; the higher, the closer is the method to least squares. ``iterations``, tuned too, is
    how early it is stopped.
    """

    searched: ClassVar[dict[str, float]] = {"pedestal": 1.0}
    most_iterations: ClassVar[int] = 500

    @abstractmethod
    def iterates(self, likelihood: Likelihood) -> Iterator[Tensor]:
        """Estimates of the scenes above the pedestal, shape (B, C, H, W), positive, without end."""

    def restore(self, observation: Observation) -> Image:
        """Iterate ``iterations`` times."""
        return self.restore_all([observation])[0]

    def restore_all(self, observations: Sequence[Observation]) -> list[Image]:
        """Iterate ``iterations`` times, in batches."""
        last, restored = self.settings["iterations"] - 1, dict[int, Image]()
        for numbers in batches(observations):
            images = next(islice(self._steps([observations[k] for k in numbers]), last, None))
            restored |= zip(numbers, images())
        return [restored[number] for number in range(len(observations))]

    def path(self, observation: Observation) -> Iterator[tuple[Settings, Image]]:
        """Every iterate with its number."""
        for settings, (image,) in self.paths([observation]):
            yield settings, image

    def paths(self, observations: Sequence[Observation]) -> Iterator[tuple[Settings, list[Image]]]:
        """Every iterate of all with its number, in batches."""
        parts = batches(observations)
        steps = zip(*(self._steps([observations[k] for k in numbers]) for numbers in parts))
        for number, step in enumerate(islice(steps, self.most_iterations), 1):
            images = {k: image for numbers, made in zip(parts, step) for k, image in zip(numbers, made())}
            yield {**self.settings, "iterations": number}, [images[k] for k in range(len(observations))]

    def _steps(self, observations: Sequence[Observation]) -> Iterator[Callable[[], list[Image]]]:
        """For each iterate of a batch, what makes images of it."""
        seen, previews = whitened_together(observations), [observation.preview for observation in observations]
        raised = pedestal(seen, self.settings["pedestal"])
        for scene in self.iterates(Likelihood(seen, raised)):
            yield partial(seen.images, scene - raised, previews)


class Likelihood:
    """How likely data are that were counted, whatever the scene: as if with Poisson's noise.

    Parameters
    ----------
    seen : Whitened, shape (C, H, W) or (B, C, H, W)
    raised : Tensor, shape (C, 1, 1) or (B, C, 1, 1)
        What is added to the data.
    """

    def __init__(self, seen: Whitened, raised: Tensor) -> None:
        shape = (-1, *seen.data.shape[-3:])
        self.weight = seen.weight.reshape(shape)
        self.data = (seen.data + raised).clamp_min(0).reshape(shape)
        self.operator = seen.operator.repeated(self.data)
        level = (self.data * self.weight).sum((-2, -1), keepdim=True)
        level = level / self.weight.sum((-2, -1), keepdim=True).clamp_min(1e-6)
        self.start = level.expand_as(self.data)
        """A scene without detail, of the level of each band's trusted data, shape (B, C, H, W)."""
        self._counted = self.weight * self.data
        # So that no datum is divided by nothing.
        self._faintest = 1e-6 * self.start.clamp_min(1e-6)
        self._reach_through_operator()

    def through(self, operator: Operator) -> Likelihood:
        """The same data, as another instrument would have taken them."""
        other = copy(self)
        other.operator = operator.repeated(self.data)
        other._reach_through_operator()
        return other

    def ratio(self, blurred: Tensor) -> Tensor:
        """Data over what a blurred scene predicts, by their weight."""
        return self._counted / blurred.maximum(self._faintest)

    def likelier(self, scene: Tensor) -> Tensor:
        """One step of Richardson and Lucy: ``x A'(y / A x) / A'1``."""
        ratio = self.operator.adjoint(self.ratio(self.operator.forward(scene)))
        factor = ratio * self._per_reach
        return (factor if self._all_seen else torch.where(self._unseen, 1, factor)).clamp_min(0) * scene

    def divergence(self, blurred: Tensor) -> Tensor:
        """Kullback and Leibler's, but for a constant, shape (B,); in float64, since steps change its last digits."""
        predicted = blurred.maximum(self._faintest).double()
        return (self.weight * (predicted - self.data * predicted.log())).sum((1, 2, 3))

    def gradient(self, blurred: Tensor) -> Tensor:
        """Of the divergence over the scene, at a blurred scene."""
        return self._reach - self.operator.adjoint(self.ratio(blurred))

    def scaling(self, scene: Tensor) -> Tensor:
        """``x / A'1``, by which a gradient becomes a step; 0 where light reaches no trusted data."""
        return torch.where(self._unseen, 0, scene * self._per_reach)

    def _reach_through_operator(self) -> None:
        self._reach = self.operator.adjoint(self.weight)
        self._unseen = self._reach <= UNSEEN
        self._all_seen = not self._unseen.any()
        self._per_reach = 1 / self._reach.clamp_min(UNSEEN)


def pedestal(seen: Whitened, height: float) -> Tensor:
    """What is added to each band, shape (..., C, 1, 1), so that its sky lies ``height`` sigmas of the noise above 0."""
    bands, trusted = seen.data.flatten(0, -3).cpu(), (seen.weight > 0).flatten(0, -3).cpu()
    sky = [sky_level_and_sigma(band[good].numpy())[0] if good.any() else 0.0 for band, good in zip(bands, trusted)]
    return height - torch.tensor(sky, device=seen.data.device).reshape(seen.level.shape)
