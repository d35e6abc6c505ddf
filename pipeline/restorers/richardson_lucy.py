"""Richardson-Lucy deconvolution: positive scenes, likelier at every iteration, stopped before they fit the noise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.observation import Observation
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.restorers.whitened import Whitened, whitened

MOST_ITERATIONS = 500
UNSEEN = 1e-3
"""A pixel whose light reaches trusted data with less than this share is left as it is."""


class RichardsonLucy(TunedRestorer):
    """``x <- x A'(y / A x) / A'1`` from a flat start (Richardson 1972; Lucy 1974, AJ 79, 745).

    The tuned ``pedestal`` is the level, in sigmas of the noise, to which the sky is raised: the lower, the harder is
    positivity pressed on the sky; the higher, the closer is the method to least squares. ``iterations``, tuned too, is
    the only regularisation. Masked pixels have no weight.
    """

    searched = ("pedestal", 1.0)

    def restore(self, observation: Observation) -> Image:
        """Iterate ``iterations`` times."""
        seen = whitened(observation)
        raised = pedestal(seen, self.settings["pedestal"])
        last = self.settings["iterations"] - 1
        return _image(next(islice(iterates(seen, raised), last, None)), raised, seen, observation)

    def path(self, observation: Observation) -> Iterator[tuple[Settings, Image]]:
        """Every iterate with its number."""
        seen = whitened(observation)
        raised = pedestal(seen, self.settings["pedestal"])
        for number, scene in enumerate(islice(iterates(seen, raised), MOST_ITERATIONS), 1):
            yield {**self.settings, "iterations": number}, _image(scene, raised, seen, observation)


def pedestal(seen: Whitened, height: float) -> Tensor:
    """What is added to each band, shape (C, 1, 1), so that its sky lies ``height`` sigmas of the noise above 0."""
    trusted = seen.weight > 0
    sky = [sky_level_and_sigma(band[good].numpy())[0] if good.any() else 0.0 for band, good in zip(seen.data, trusted)]
    return height - torch.tensor(sky)[:, None, None]


def iterates(seen: Whitened, raised: Tensor) -> Iterator[Tensor]:
    """Estimates of the scene above the pedestal, shape (C, H, W), positive, without end."""
    operator, weight = seen.operator, seen.weight[None]
    data = (seen.data + raised).clamp_min(0)[None]
    reach = operator.adjoint(weight)
    scene = (data * weight).sum((-2, -1), keepdim=True) / weight.sum((-2, -1), keepdim=True).clamp_min(1e-6)
    scene = scene.expand_as(data)
    faintest = 1e-6 * scene.clamp_min(1e-6)
    while True:
        ratio = operator.adjoint(weight * data / operator.forward(scene).maximum(faintest))
        scene = scene * torch.where(reach > UNSEEN, ratio / reach.clamp_min(UNSEEN), 1).clamp_min(0)
        yield scene[0]


def _image(scene: Tensor, raised: Tensor, seen: Whitened, observation: Observation) -> Image:
    return seen.image(scene - raised, observation.preview)
