"""Magnetic resonance of a study: fewer lines of k-space, and complex noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch

from pipeline.config import Mri
from pipeline.physics.coils import coil_maps, receive_maps
from pipeline.physics.kspace import KSpace
from pipeline.physics.motion import random_motion
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.operator import Operator
from pipeline.physics.sampling_masks import Lines, central_lines, random_lines, uniform_lines
from pipeline.physics.scanner import Scanner, between
from pipeline.physics.smooth_fields import bias_field, smooth_phase


class MriScanner(Scanner):
    """Lines of k-space along the width; see :class:`~pipeline.physics.scanner.Scanner`.

    The phase and the shading of a slice are drawn for each, and so are random lines. The level of the noise is drawn
    between the conditions' for each slice, the acceleration from the conditions' for each batch. A motion is of the
    data alone: restorers are told of a head that lay still.
    """

    descriptors: ClassVar[tuple[str, ...]] = ("acceleration", "phase_encoding_px", "readout_px")

    def of(self, settings: Mri, *address: object) -> KSpace:
        """The scan of one slice."""
        return self._scan(settings.acceleration[0], settings.sigma[0], address, address)

    def told(self, operator: Operator) -> Operator:
        """The scan of a head that lies still."""
        return replace(operator, motion=None) if isinstance(operator, KSpace) else operator

    def batch(self, batch: np.random.Generator, each: Sequence[np.random.Generator]) -> tuple[Operator, list[Operator]]:
        """Scans of as many lines that see the same motion, with phase, shading and noise of their own."""
        acceleration = float(batch.choice(self.settings.acceleration))
        moved = (int(batch.integers(2**62)),) if self.settings.motion else ()
        every: list[Operator] = [
            self._scan(acceleration, between(self.settings.sigma, random), (int(random.integers(2**62)),), moved)
            for random in each
        ]
        return every[0].joined(every[1:]), every

    def _scan(
        self, acceleration: float, sigma: float, address: tuple[object, ...], moved: tuple[object, ...]
    ) -> KSpace:
        said, (height, width) = self.settings, self.size
        phase = smooth_phase(height, width, said.phase, *address)
        bias = bias_field(height, width, said.bias, *address) if said.bias else None
        maps = receive_maps(coil_maps(height, width, said.coils), phase, bias).to(torch.complex64)
        lines, motion = self._lines(acceleration, *address), None
        if said.motion:
            shots = min(said.motion.shots, len(lines))
            motion = random_motion(lines, shots, said.motion.degrees, said.motion.pixels, *moved)
        noise, readout = GaussianNoise((sigma,) * self.bands), max(round(said.readout * width), 1)
        return KSpace(torch.from_numpy(lines), maps, noise, readout, motion)

    def _lines(self, acceleration: float, *address: object) -> Lines:
        said, height = self.settings, self.size[0]
        if said.sampling == "central":
            return central_lines(height, max(round(height / acceleration), 1))
        if said.sampling == "uniform":
            return uniform_lines(height, int(acceleration), said.calibration)
        return random_lines(height, acceleration, said.calibration, "lines", *address)
