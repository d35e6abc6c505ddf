"""Noise of a detector: what is random in an observation."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from pipeline.errors import ClearfieldError


class NoiseError(ClearfieldError):
    """A noise level that cannot be one."""


class Noise(Protocol):
    """What every kind of noise answers; images have the shape (B, C, H, W)."""

    def sigma(self, clean: Tensor) -> Tensor:
        """Standard deviation of the noise at each pixel of a noise-free image, in its unit."""
        ...

    def draw(self, clean: Tensor, generators: Sequence[Generator]) -> Tensor:
        """A noisy version of a noise-free image; one generator per band makes the bands independent.

        Raises
        ------
        ValueError
            If there is not one generator for each band.
        """
        ...

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        ...


@dataclass(frozen=True)
class GaussianNoise:
    """White noise of a fixed level.

    Parameters
    ----------
    level : tuple of float
        Standard deviation per band, in the unit of the image.
    shared : bool
        One realisation for all bands, as the code of GalaxyGAN has it (Schawinski et al. 2017); no detector does that.

    Raises
    ------
    NoiseError
        If a level is negative or not finite.
    """

    level: tuple[float, ...]
    shared: bool = False

    def __post_init__(self) -> None:
        for value in self.level:
            if not 0 <= value < float("inf"):
                raise NoiseError(f"the noise level is {value:g}; a finite standard deviation of 0 or more is needed")

    def sigma(self, clean: Tensor) -> Tensor:
        """Standard deviation at each pixel, shape of ``clean``."""
        return clean.new_tensor(self.level)[:, None, None].expand_as(clean)

    def draw(self, clean: Tensor, generators: Sequence[Generator]) -> Tensor:
        """``clean`` plus white noise."""
        if self.shared:
            generators = [generators[0].clone_state() for _ in generators]
        return clean + self.sigma(clean) * _standard_normal(clean, generators)

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        return {"kind": "gaussian", "level": list(self.level), "shared": self.shared}


@dataclass(frozen=True)
class PoissonNoise:
    """Photon noise with read-out noise: ``y = Poisson(gain x) / gain + N(0, (read_noise / gain)^2)``.

    Parameters
    ----------
    gain : tuple of float
        Electrons per unit of the image, per band.
    read_noise : tuple of float
        Standard deviation of the read-out in electrons, per band.
    sky : tuple of float
        Level of the sky that was taken off, per band, in the unit of the image: its photons are noise too.

    Raises
    ------
    NoiseError
        If a gain is not above 0, a read noise or a sky is negative, or a number is not finite.
    """

    gain: tuple[float, ...]
    read_noise: tuple[float, ...]
    sky: tuple[float, ...]

    def __post_init__(self) -> None:
        for value in self.gain:
            if not 0 < value < float("inf"):
                raise NoiseError(f"the gain is {value:g}; a finite number of electrons per unit above 0 is needed")
        for name, values in (("read noise", self.read_noise), ("sky", self.sky)):
            for value in values:
                if not 0 <= value < float("inf"):
                    raise NoiseError(f"the {name} is {value:g}; a finite number of 0 or more is needed")

    def sigma(self, clean: Tensor) -> Tensor:
        """Standard deviation at each pixel, shape of ``clean``."""
        gain, read_noise, sky = self._planes(clean)
        return (((clean + sky).clamp_min(0) * gain + read_noise**2).sqrt() / gain).clamp_min(1e-12)

    def draw(self, clean: Tensor, generators: Sequence[Generator]) -> Tensor:
        """Photons counted, sky taken off, read-out noise added."""
        gain, read_noise, sky = self._planes(clean)
        rate = (clean + sky).clamp_min(0) * gain
        electrons = torch.stack([torch.poisson(r, g) for r, g in zip(rate.unbind(1), generators, strict=True)], 1)
        return (electrons + read_noise * _standard_normal(clean, generators)) / gain - sky

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        return {"kind": "poisson", "gain": list(self.gain), "read_noise": list(self.read_noise), "sky": list(self.sky)}

    def _planes(self, like: Tensor) -> list[Tensor]:
        return [like.new_tensor(v)[:, None, None] for v in (self.gain, self.read_noise, self.sky)]


def noise_from(values: dict[str, Any]) -> Noise:
    """The noise that its ``to_dict`` described.

    Raises
    ------
    NoiseError
        If it is of an unknown kind.
    """
    kinds: dict[str, Any] = {"gaussian": GaussianNoise, "poisson": PoissonNoise}
    if values.get("kind") not in kinds:
        raise NoiseError(f"no noise is called {values.get('kind')!r}; gaussian and poisson are known")
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k != "kind"}
    return kinds[values["kind"]](**settings)


def addressed_generator(*address: object, device: torch.device | str = "cpu") -> Generator:
    """A random generator that is a function of an address, such as (seed, image, condition, band), and of nothing else.

    Whoever draws in whatever order, the same address gives the same numbers; NumPy's numbers count as Python's.
    """
    plain = tuple(part.item() if isinstance(part, np.generic) else part for part in address)
    digest = hashlib.blake2b(repr(plain).encode(), digest_size=8).digest()
    return Generator(device).manual_seed(int.from_bytes(digest, "little", signed=True))


def _standard_normal(like: Tensor, generators: Sequence[Generator]) -> Tensor:
    return torch.stack(
        [
            torch.randn(plane.shape, generator=generator, device=like.device, dtype=like.dtype)
            for plane, generator in zip(like.unbind(1), generators, strict=True)
        ],
        1,
    )
