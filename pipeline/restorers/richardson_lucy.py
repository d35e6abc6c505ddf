"""Richardson-Lucy deconvolution: positive scenes, likelier at every iteration, stopped before they fit the noise."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from pipeline.restorers.stopped import Likelihood, Stopped


class RichardsonLucy(Stopped):
    """``x <- x A'(y / A x) / A'1`` from a flat start (Richardson 1972; Lucy 1974, AJ 79, 745).

    ``iterations`` is the only regularisation. Masked pixels have no weight.
    """

    def iterates(self, likelihood: Likelihood) -> Iterator[Tensor]:
        """Step by step."""
        scene = likelihood.start
        while True:
            scene = likelihood.likelier(scene)
            yield scene
