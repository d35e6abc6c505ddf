"""Magnetic resonance: lines of k-space, as coils around the slice receive them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.errors import ClearfieldError
from pipeline.physics.edges import rarity
from pipeline.physics.fourier_lines import readout_frequencies, sampled, zero_filled
from pipeline.physics.motion import Motion, moved, moved_back
from pipeline.physics.noise import Noise
from pipeline.physics.operator import Operator
from pipeline.physics.scene_spectrum import SceneSpectrum


class KSpaceError(ClearfieldError):
    """Lines, maps and slices that do not belong together."""


@dataclass(frozen=True, eq=False)
class KSpace(Operator):
    """Fourier coefficients of a slice times what each coil receives of it (Pruessmann et al. 2001, MRM 46, 638).

    The scene is a magnitude; phase, coils and bias are in ``maps``. Data hold what was measured and nothing else, as
    real numbers of the shape (B, C, coils * lines, 2 * readout): line by line for one coil after the other, the real
    parts and then the imaginary parts. Noise is that of either part. The transform keeps lengths, so that a
    fully sampled slice has in image space the noise that its data have, and the scene is periodic. Phase is encoded
    along the height, and read out along the width.

    Parameters
    ----------
    lines : Tensor, shape (L,) or (B, L), int64
        The lines taken, in periods per image height; see :mod:`~pipeline.physics.sampling_masks`.
    maps : Tensor, shape (K, H, W) or (B, K, H, W), complex
        What each coil receives of each pixel; see :func:`~pipeline.physics.coils.receive_maps`.
    noise : Noise
        White, with a level per band.
    readout : int, optional
        Samples about the middle of each line, all by default.
    motion : Motion, optional
        How the scene moved between lines, under coils that stayed where they were.

    Raises
    ------
    KSpaceError
        If there are lines or samples that the slice does not have, the same line comes twice, or the shots of a motion
        are not those of the lines.
    """

    lines: Tensor
    maps: Tensor
    noise: Noise
    readout: int = 0
    motion: Motion | None = None

    def __post_init__(self) -> None:
        height, width = self.maps.shape[-2:]
        object.__setattr__(self, "readout", self.readout or width)
        if not 0 < self.readout <= width:
            raise KSpaceError(
                f"{self.readout} samples are read out and the slice is {width} px wide; 1 to {width} exist"
            )
        rows = self.lines % height
        if (self.lines < -(height // 2)).any() or (self.lines >= height - height // 2).any():
            farthest = int(self.lines.abs().max())
            raise KSpaceError(f"line {farthest} of k-space is asked for and {height} px have none beyond {height // 2}")
        if (rows.sort(-1).values.diff() == 0).any():
            raise KSpaceError("a line of k-space is taken twice; name each once")
        if self.motion is not None and self.motion.shots.shape != self.lines.shape[-1:]:
            shots, lines = len(self.motion.shots), self.lines.shape[-1]
            raise KSpaceError(f"the motion has {shots} lines and the scan {lines}; make it of the lines that are taken")

    def forward(self, scene: Tensor) -> Tensor:
        """What is measured of magnitudes, shape (B, C, H, W), without noise."""
        if scene.shape[-2:] != self.maps.shape[-2:]:
            (height, width), (rows, columns) = scene.shape[-2:], self.maps.shape[-2:]
            raise KSpaceError(
                f"a slice has {height} x {width} px and its coil maps {rows} x {columns}; they must agree"
            )
        maps = self._maps(scene)
        if self.motion is None:
            return _as_data(self._sampled(scene[:, :, None] * maps, self.lines))
        parts = [self._sampled(moved(scene, pose)[:, :, None] * maps, lines) for pose, lines, _ in self._shots()]
        # Shots follow one another in the order of lines only if these were taken so.
        order = torch.cat([which for _, _, which in self._shots()]).argsort()
        return _as_data(torch.cat(parts, -2).index_select(-2, order.to(scene.device)))

    def seen(self, scene: Tensor) -> Tensor:
        """Same as :meth:`forward`: every datum reads the whole slice, and nothing lies beyond it."""
        return self.forward(scene)

    def adjoint(self, data: Tensor) -> Tensor:
        """Transpose of :meth:`forward`: data to slices, shape (B, C, H, W)."""
        samples, maps = self.samples(data), self._maps(data).conj()
        if self.motion is None:
            return (maps * self._zero_filled(samples, self.lines)).real.sum(2)
        slices = data.new_zeros(*data.shape[:2], *self.maps.shape[-2:])
        for pose, lines, which in self._shots():
            own = samples.index_select(-2, which.to(data.device))
            slices = slices + moved_back((maps * self._zero_filled(own, lines)).real.sum(2), pose)
        return slices

    @property
    def magnitude(self) -> bool:
        """The preview is."""
        return True

    def preview(self, data: Tensor) -> Tensor:
        """Magnitude of the zero-filled reconstruction, shape (B, C, H, W): lines that were not taken count as 0.

        Coils are added with the conjugates of their maps (Roemer et al. 1990), so that the noise of the magnitude is
        that of Rice (:mod:`~pipeline.physics.rician`). A bias stays, and motion is not known of.
        """
        maps = self._maps(data)
        combined = (maps.conj() * self._zero_filled(self.samples(data), self.lines)).sum(2)
        return combined.abs() / _length(maps)

    def preview_sigma(self, sigma: Tensor) -> Tensor:
        """Standard deviation of the noise of the real and the imaginary part behind :meth:`preview`."""
        real, imaginary = sigma.unflatten(2, (self.maps.shape[-3], -1)).chunk(2, -1)
        of_coils = (real.square() + imaginary.square()).sum((-2, -1)) / 2 / self.maps.shape[-1] / self.maps.shape[-2]
        maps = self._maps(sigma)
        variance = (of_coils[..., None, None] * maps.abs().square()).sum(2)
        return variance.sqrt() / _length(maps)

    def regularised_inverse(
        self,
        data: Tensor,
        noise_to_signal: Tensor,
        spectrum: SceneSpectrum | None = None,
        inner: bool = False,  # noqa: ARG002
    ) -> Tensor:
        """Wiener's filter of what was measured, with phase and bias taken off and motion undone line by line.

        ``A' G y / sum |maps|^2`` with ``G = 1 / (1 + r q)`` and ``q`` the :func:`~pipeline.physics.edges.rarity` of a
        frequency (Wiener 1949). Lines that were not taken are left at 0.

        Parameters
        ----------
        data : Tensor, shape (B, C, coils * lines, 2 * readout)
        noise_to_signal : Tensor, shape (C,) or (B, C)
        spectrum : SceneSpectrum, optional
            Whose rarity takes the place of ``q``.
        inner : bool
            Makes no difference: nothing is cut away.

        Returns
        -------
        Tensor, shape (B, C, H, W)
        """
        height, width = self.maps.shape[-2:]
        vertical = (self.lines.to(data) / height)[..., None, None, :, None]
        horizontal = readout_frequencies(self.readout, data.device).to(data) / width
        frequency, ratio = torch.hypot(vertical, horizontal), noise_to_signal.to(data)[..., None, None, None]
        if spectrum is None:
            missing = ratio * rarity(frequency, (height * width) ** 0.5)
        else:
            missing = ratio * spectrum.rarity(frequency[..., 0, 0, :, :]).movedim(0, -3)[..., None, :, :]
        weighted = self.samples(data) / (1 + missing)
        return self.adjoint(_as_data(weighted)) / _length(self._maps(data)).square()

    def of(self, images: Tensor | slice) -> KSpace:
        """The scans of some images of a batch, by number, in any order and any often."""
        lines, maps = self.lines, self.maps
        lines, maps = (lines if lines.ndim == 1 else lines[images]), (maps if maps.ndim == 3 else maps[images])
        return replace(self, lines=lines, maps=maps)

    def joined(self, others: Sequence[Operator]) -> KSpace:
        """Make one batch of the scans of single images: of this one, then of others.

        Raises
        ------
        KSpaceError
            If they have not as many lines, samples and coils, or another motion.
        """
        every = [self, *(other for other in others if isinstance(other, KSpace))]
        sizes = {(scan.lines.shape, scan.maps.shape, scan.readout) for scan in every}
        moves = [scan for scan in every if not _same_motion(scan.motion, self.motion)]
        if len(sizes) > 1 or moves:
            raise KSpaceError("scans with other numbers of lines or coils, or another motion, make no batch; take each")
        lines, maps = (_stacked([getattr(scan, name) for scan in every]) for name in ("lines", "maps"))
        return replace(self, lines=lines, maps=maps)

    @property
    def halo(self) -> int:
        """Nothing: the slice is periodic."""
        return 0

    @property
    def inverse_halo(self) -> int:
        """Nothing: the inverse of whole data is cut nowhere."""
        return 0

    @property
    def whole(self) -> bool:
        """A window of the slice cannot be seen alone."""
        return True

    def descriptor(self) -> dict[str, float]:
        """Share of lines that were left out, as ``acceleration``, and how wide a pixel is along and across lines."""
        height, width = self.maps.shape[-2:]
        span = min(2 * int(self.lines.abs().max()) + 1, height)
        return {
            "acceleration": span / self.lines.shape[-1],
            "phase_encoding_px": height / span,
            "readout_px": width / self.readout,
        }

    def to_dict(self) -> dict[str, Any]:
        """The parameters as numbers and arrays."""
        maps = torch.view_as_real(self.maps.detach().cpu().to(torch.complex64)).numpy()
        values = {"kind": "kspace", "lines": self.lines.cpu().numpy(), "maps": maps, "readout": self.readout}
        if self.motion is not None:
            values |= {"poses": self.motion.poses.cpu().numpy(), "shots": self.motion.shots.cpu().numpy()}
        return values | {"noise": self.noise.to_dict()}

    def _maps(self, like: Tensor) -> Tensor:
        """Maps beside images of the shape (B, C, H, W): (1 or B, 1, K, H, W), in their precision."""
        maps = self.maps.to(like.device, torch.complex128 if like.dtype == torch.float64 else torch.complex64)
        return maps[None, None] if maps.ndim == 3 else maps[:, None]

    def _shots(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Pose, lines and numbers of lines of each shot that took any."""
        if self.motion is not None:
            for number, pose in enumerate(self.motion.poses):
                which = (self.motion.shots == number).nonzero()[:, 0]
                if len(which):
                    yield pose, self.lines[..., which.to(self.lines.device)], which

    def _sampled(self, received: Tensor, lines: Tensor) -> Tensor:
        return sampled(received, lines, self.readout)

    def _zero_filled(self, samples: Tensor, lines: Tensor) -> Tensor:
        return zero_filled(samples, lines, (self.maps.shape[-2], self.maps.shape[-1]))

    def samples(self, data: Tensor) -> Tensor:
        """Complex samples of data, shape (B, C, K, L, readout)."""
        return torch.complex(*data.unflatten(2, (self.maps.shape[-3], -1)).chunk(2, -1))


def _as_data(samples: Tensor) -> Tensor:
    return torch.cat([samples.real, samples.imag], -1).flatten(2, 3)


def _length(maps: Tensor) -> Tensor:
    """Square root of the sum over coils of squares, shape (1 or B, 1, H, W)."""
    return maps.abs().square().sum(2).sqrt().clamp_min(torch.finfo(maps.real.dtype).tiny)


def _stacked(tensors: Sequence[Tensor]) -> Tensor:
    return tensors[0] if all(torch.equal(t, tensors[0]) for t in tensors) else torch.stack(list(tensors))


def _same_motion(one: Motion | None, other: Motion | None) -> bool:
    return one is other if one is None else one.like(other)


def kspace_from(values: dict[str, Any], noise: Noise) -> KSpace:
    """The scan that its :meth:`KSpace.to_dict` described."""
    maps = torch.view_as_complex(torch.as_tensor(np.ascontiguousarray(values["maps"])))
    motion = None
    if "poses" in values:
        motion = Motion(torch.as_tensor(values["poses"]), torch.as_tensor(values["shots"]))
    return KSpace(torch.as_tensor(values["lines"]), maps, noise, int(values["readout"]), motion)
