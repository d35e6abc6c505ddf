"""The smallest change of a scene after which it explains the data."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.physics.operator import Operator

MOST_ITERATIONS, NEARLY = 100, 1.1
"""Iterations end when every datum is explained to within its bound and a tenth. More would magnify what rounding leaves
beyond the instrument's resolution."""


def nearest_explanation(left: Tensor, bound: Tensor, scale: Tensor, operator: Operator) -> Tensor:
    """The smallest change of a scene after which no residual exceeds its bound.

    ``min_d 1/2 |d / s|^2`` subject to ``|left - A d| <= bound s``: where data may be off by more, a scene is changed
    more readily. Its dual, with ``d = s B^T u`` and ``B = A s`` in units of ``s``, is ``min_u 1/2 |B^T u|^2
    - <u, left / s> + <bound, |u|>``, which the fast iterative shrinkage and thresholding algorithm solves (Beck and
    Teboulle 2009, SIAM Journal on Imaging Sciences 2, 183, eqs. 4.1 to 4.3). Every datum has a step of its own, the
    longest that is safe (Pock and Chambolle 2011, ICCV, 1762, lemma 2): beside a bright star ``s`` is steep, and one
    step for all would be too short for its core.

    Parameters
    ----------
    left : Tensor, shape (B, C, H, W)
        Data minus the blurred estimate, in the unit of the image.
    bound : Tensor, shape (B, C, H, W)
        How much of it may remain, in units of ``scale``: infinite where that does not matter.
    scale : Tensor, shape (B, C, H, W)
        ``s``, above 0.
    operator : Operator

    Returns
    -------
    Tensor, shape (B, C, H, W)
        In the unit of the image.
    """

    def seen(change: Tensor) -> Tensor:
        return operator.forward(scale * change) / scale

    def adjoint(dual: Tensor) -> Tensor:
        return scale * operator.adjoint(dual / scale)

    ratio, step = left / scale, _steps(scale, operator)
    dual = ahead = torch.zeros_like(ratio)
    inertia = 1.0
    for _ in range(MOST_ITERATIONS):
        unexplained = ratio - seen(adjoint(ahead))
        if (unexplained.abs() <= NEARLY * bound).all():
            break
        moved = ahead + step * unexplained
        before, dual = dual, moved.sign() * (moved.abs() - step * bound).clamp_min(0)
        following = (1 + (1 + 4 * inertia**2) ** 0.5) / 2
        ahead = dual + (inertia - 1) / following * (dual - before)
        inertia = following
    return scale * adjoint(ahead)


def _steps(scale: Tensor, operator: Operator) -> Tensor:
    """For ``B B^T`` without negative entries, ``diag(B B^T v / v) - B B^T`` has no negative eigenvalue: ``v = s``."""
    return scale.square() / (1.1 * operator.forward(scale.square() * operator.adjoint(torch.ones_like(scale))))
