"""A head that moves while it is scanned: each shot of k-space lines sees it elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.physics.noise import addressed_random
from pipeline.physics.sampling_masks import Lines


@dataclass(frozen=True, eq=False)
class Motion:
    """Where the scene was, shot by shot, and which shot took each line.

    Parameters
    ----------
    poses : Tensor, shape (P, 3), float64
        Of each shot: turn in degrees, counter-clockwise as displayed, then shift down and to the right in px.
    shots : Tensor, shape (L,), int64
        For each line, the number of its shot.
    """

    poses: Tensor
    shots: Tensor

    def like(self, other: Motion | None) -> bool:
        """Whether another motion is the same."""
        return other is not None and torch.equal(self.poses, other.poses) and torch.equal(self.shots, other.shots)


def random_motion(lines: Lines, shots: int, degrees: float, pixels: float, *address: object) -> Motion:
    """Rigid motion between shots that each take a run of neighbouring lines.

    The shot that takes the middle of k-space, which shows where things are, is where the scene is.

    Parameters
    ----------
    lines : array of int, shape (L,)
        Ascending.
    shots : int
        P, at most L.
    degrees, pixels : float
        Standard deviations of the turn and of each shift.
    *address
        The same address gives the same motion.
    """
    shot_of_line = np.arange(len(lines)) * shots // len(lines)
    scale = np.array([degrees, pixels, pixels])
    poses = addressed_random("motion", *address).standard_normal((shots, 3)) * scale
    poses -= poses[shot_of_line[np.abs(lines).argmin()]]
    return Motion(torch.from_numpy(poses), torch.from_numpy(shot_of_line))


def moved(scene: Tensor, pose: Tensor) -> Tensor:
    """A scene turned about its middle and then shifted, without loss of sharpness.

    A turn is three shears, each of them a shift of every row or column, done in Fourier space (Larkin, Oldfield and
    Klemm 1997, Opt. Commun. 139, 99). What leaves on one side comes in on the other: the scene should end in air.

    Parameters
    ----------
    scene : Tensor, shape (..., H, W)
    pose : Tensor, shape (3,)
        Turn in degrees and shift in px, as in :class:`Motion`, the turn between -90 and 90.
    """
    for axis, slope, shift in _shears(pose):
        scene = _sheared(scene, axis, slope, shift)
    return scene


def moved_back(scene: Tensor, pose: Tensor) -> Tensor:
    """Transpose of :func:`moved`, and its inverse but for what the highest frequency of an even size loses."""
    for axis, slope, shift in reversed(_shears(pose)):
        scene = _sheared(scene, axis, -slope, -shift)
    return scene


def _shears(pose: Tensor) -> list[tuple[int, float, float]]:
    """Of each shear: axis of the shift, how much per px of distance from the middle, and how much everywhere."""
    degrees, down, right = pose.tolist()
    angle = math.radians(degrees)
    # Counter-clockwise with rows that count downwards: what is above the middle goes to the left.
    across, along = math.tan(angle / 2), -math.sin(angle)
    return [(-1, across, 0.0), (-2, along, 0.0), (-1, across, 0.0), (-2, 0.0, down), (-1, 0.0, right)]


def _sheared(scene: Tensor, axis: int, slope: float, shift: float) -> Tensor:
    """Rows (axis -1) or columns (axis -2) shifted, each by its distance from the middle times a slope, and a shift."""
    if slope == shift == 0:
        return scene
    if axis == -2:
        return _sheared(scene.transpose(-2, -1), -1, slope, shift).transpose(-2, -1)
    height, width = scene.shape[-2:]
    place = torch.arange(height, dtype=scene.dtype, device=scene.device) - (height - 1) / 2
    frequency = torch.fft.rfftfreq(width, dtype=scene.dtype, device=scene.device)
    turn = -2 * math.pi * (slope * place + shift)[:, None] * frequency
    return torch.fft.irfft(torch.fft.rfft(scene) * torch.polar(torch.ones_like(turn), turn), n=width)
