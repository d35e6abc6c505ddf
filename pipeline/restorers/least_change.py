"""The least change of a scene after which it explains data that are no image."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.image import Image
from pipeline.measures.discrepancy import Discrepancy, discrepancy
from pipeline.observation import Observation
from pipeline.physics.operator import Operator

CONTRADICTED, EXPLAINED = 5.0, 2.2
"""Standard deviations by which chi-square must be too large for the data to contradict a scene, and may be afterwards;
for all data what the same numbers are for one datum behind a blur."""
MOST_ITERATIONS = 60
"""Where it takes more, no scene explains the data: the instrument is not the one that was told."""


@torch.no_grad()
def least_changed(estimate: Image, seen: Observation) -> Image:
    """An estimate, moved as little as possible until it explains the data, if they contradict it.

    Every datum of a scanner sees all of a slice, so that what contradicts it is looked for in all data together: their
    chi-square against what noise alone leaves. The change is the shortest nearly, and goes no further than to where the
    noise might be all that is left (the discrepancy principle of Morozov 1966). What the scanner does not see, such as
    lines of k-space that were not taken, stays the estimate's.

    Parameters
    ----------
    estimate : Image
        On the grid of the preview, in its unit.
    seen : Observation
        Of an instrument that is ``whole``.

    Returns
    -------
    Image
        The estimate itself where nothing contradicts it, and where no scene explains the data.
    """
    found = discrepancy(torch.from_numpy(estimate.pixels)[None], seen)
    if not found.excess > CONTRADICTED:
        return estimate
    change = _change(found, seen.operator)
    return estimate if change is None else estimate.with_pixels(estimate.pixels + change[0].numpy())


def _change(found: Discrepancy, operator: Operator) -> Tensor | None:
    """What conjugate gradients for ``min |A d - left|^2 / sigma^2`` have found when enough is explained.

    Begun at nothing, they come to short changes first (Hanke 1995, "Conjugate gradient type methods for ill-posed
    problems", section 3, with its stopping rule 3.10). The last step is cut where what is left is what is allowed.
    """
    left, trust = found.left, found.trust
    squares = float((trust * left.square()).double().sum())
    allowed = found.level(EXPLAINED) * found.trusted
    gradient = operator.adjoint(trust * left)
    direction, slope = gradient, float(gradient.square().double().sum())
    change = torch.zeros_like(gradient)
    for _ in range(MOST_ITERATIONS):
        seen = operator.forward(direction)
        curvature = float((trust * seen.square()).double().sum())
        if not curvature > 0:
            break
        step = slope / curvature
        # After a share t of the step, squares have fallen by (2 t - t^2) step slope.
        share = (squares - allowed) / (step * slope)
        if share <= 1:
            return change + (1 - (1 - share) ** 0.5) * step * direction
        change, left, squares = change + step * direction, left - step * seen, squares - step * slope
        gradient = operator.adjoint(trust * left)
        before, slope = slope, float(gradient.square().double().sum())
        direction = gradient + slope / before * direction
    return None
