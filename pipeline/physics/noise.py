"""Noise of a detector: what is random in an observation."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Generator, Tensor

from pipeline.errors import ClearfieldError
from pipeline.fill import fill_masked
from pipeline.on_device import sent
from pipeline.physics.photons import expected_electrons

MERSENNE_WORDS = 624
"""Words of 32 bits in the state of a CPU's generator."""


Numbers = tuple[Tensor, ...]
"""The numbers that a noise goes by, as tensors that stand beside images of shape (B, C, H, W)."""


class NoiseError(ClearfieldError):
    """A noise level that cannot be one."""


class Noise(ABC):
    """What every kind of noise answers; images have the shape (B, C, H, W).

    A ``background``, of shape (C, H, W), is light that was taken off an image, in its unit: its photons are noise too.
    """

    grows_with_light: ClassVar[bool] = False
    """Whether sigma differs from pixel to pixel with the light, so that only the data tell it."""

    def sigma(self, clean: Tensor, background: Tensor | None = None) -> Tensor:
        """Standard deviation of the noise at each pixel of a noise-free image, in its unit."""
        return self._sigma(clean, self._numbers(clean, background))

    def told_sigma(self, data: Tensor, mask: Tensor | None = None, background: Tensor | None = None) -> Tensor:
        """:meth:`sigma` as far as the data tell it themselves: all that may be known of it beside an observation.

        Parameters
        ----------
        data : Tensor, shape (B, C, H, W)
            With their noise.
        mask : Tensor, shape (B, C, H, W), bool, optional
            True where a datum is not to be trusted; there sigma goes by what lies around.
        background : Tensor, shape (C, H, W), optional
        """
        seen = fill_masked(data, mask) if self.grows_with_light and mask is not None else data
        return self._told_sigma(seen, self._numbers(data, background))

    def draw(self, clean: Tensor, generators: Sequence[Generator], background: Tensor | None = None) -> Tensor:
        """A noisy version of a noise-free image; one generator per band makes the bands independent.

        Raises
        ------
        ValueError
            If there is not one generator for each band.
        """
        return self._drawn(clean, [generators] * len(clean), self._numbers(clean, background))

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""

    @property
    def total(self) -> Noise:
        """All noise of the data, with what a scene that was itself measured brought along."""
        return self

    @property
    @abstractmethod
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """The numbers that the law goes by, each of them band by band."""

    def _numbers(self, like: Tensor, background: Tensor | None) -> Numbers:
        numbers = _numbers([self], like)
        return numbers if background is None else self._lit(numbers, background)

    def _lit(self, numbers: Numbers, _background: Tensor) -> Numbers:
        """The numbers under light that was taken off, which most noise takes no notice of."""
        return numbers

    @abstractmethod
    def _sigma(self, clean: Tensor, numbers: Numbers) -> Tensor:
        """:meth:`sigma` by numbers for each image."""

    @abstractmethod
    def _told_sigma(self, data: Tensor, numbers: Numbers) -> Tensor:
        """:meth:`told_sigma` by numbers for each image."""

    @abstractmethod
    def _drawn(self, clean: Tensor, generators: Sequence[Sequence[Generator]], numbers: Numbers) -> Tensor:
        """:meth:`draw` by numbers for each image, and generators for each image and band."""


@dataclass(frozen=True)
class GaussianNoise(Noise):
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

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        return {"kind": "gaussian", "level": list(self.level), "shared": self.shared}

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """The level."""
        return (self.level,)

    def _sigma(self, clean: Tensor, numbers: Numbers) -> Tensor:
        return numbers[0].expand_as(clean)

    def _told_sigma(self, data: Tensor, numbers: Numbers) -> Tensor:
        return numbers[0].expand_as(data)

    def _drawn(self, clean: Tensor, generators: Sequence[Sequence[Generator]], numbers: Numbers) -> Tensor:
        if self.shared:
            generators = [[own[0].clone_state() for _ in own] for own in generators]
        return clean + numbers[0] * standard_normal(clean, generators)


@dataclass(frozen=True)
class PoissonNoise(Noise):
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

    grows_with_light: ClassVar[bool] = True

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

    def to_dict(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        return {"kind": "poisson", "gain": list(self.gain), "read_noise": list(self.read_noise), "sky": list(self.sky)}

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """Gain, read-out noise and sky."""
        return self.gain, self.read_noise, self.sky

    def _lit(self, numbers: Numbers, background: Tensor) -> Numbers:
        gain, read_noise, sky = numbers
        # Where more was taken off than there was, no photons are missing.
        return gain, read_noise, sky + background.clamp_min(0)

    def _sigma(self, clean: Tensor, numbers: Numbers) -> Tensor:
        gain, read_noise, sky = numbers
        return (((clean + sky).clamp_min(0) * gain + read_noise**2).sqrt() / gain).clamp_min(1e-12)

    def _told_sigma(self, data: Tensor, numbers: Numbers) -> Tensor:
        gain, read_noise, sky = numbers
        return (expected_electrons(data * gain, read_noise, sky * gain) + read_noise**2).sqrt() / gain

    def _drawn(self, clean: Tensor, generators: Sequence[Sequence[Generator]], numbers: Numbers) -> Tensor:
        """Photons counted, read-out noise added, sky taken off."""
        gain, read_noise, sky = numbers
        electrons = counted((clean + sky).clamp_min(0) * gain, generators)
        return (electrons + read_noise * standard_normal(clean, generators)) / gain - sky


def draw_each(noises: Sequence[Noise], clean: Tensor, generators: Sequence[Generator]) -> tuple[Tensor, Tensor]:
    """Noisy versions of images that each have a noise and a generator of their own, and the standard deviations.

    As one by one with :meth:`Noise.draw`, but a GPU has all the arithmetic at once.

    Parameters
    ----------
    noises : sequence of Noise
        All of one kind.
    clean : Tensor, shape (B, C, H, W)
    generators : sequence of Generator
        One for each image, on its device.

    Returns
    -------
    noisy, sigma : Tensor, shape (B, C, H, W)
        The standard deviations are those that the noise was drawn with; an observer is told those of
        :func:`told_sigma_of_each`.
    """
    law, numbers = noises[0], _numbers(noises, clean)
    return law._drawn(clean, [[own] * clean.shape[1] for own in generators], numbers), law._sigma(clean, numbers)


def told_sigma_of_each(noises: Sequence[Noise], data: Tensor) -> Tensor:
    """:meth:`Noise.told_sigma` of images that each have a noise of their own, all of one kind.

    Parameters
    ----------
    noises : sequence of Noise
    data : Tensor, shape (B, C, H, W)
        What is masked has been filled.

    Returns
    -------
    Tensor, shape (B, C, H, W)
    """
    return noises[0]._told_sigma(data, _numbers(noises, data))


def noise_from(values: dict[str, Any]) -> Noise:
    """The noise that its ``to_dict`` described.

    Raises
    ------
    NoiseError
        If it is of an unknown kind.
    """
    from pipeline.physics.low_dose import LowDoseNoise  # here, since it is a noise itself

    kinds: dict[str, Any] = {"gaussian": GaussianNoise, "poisson": PoissonNoise, "low_dose": LowDoseNoise}
    if values.get("kind") not in kinds:
        raise NoiseError(f"no noise is called {values.get('kind')!r}; {', '.join(kinds)} are known")
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k != "kind"}
    return kinds[values["kind"]](**settings)


def addressed_generator(*address: object, device: torch.device | str = "cpu") -> Generator:
    """A random generator that is a function of an address, such as (seed, image, condition, band), and of nothing else.

    Whoever draws in whatever order, the same address gives the same numbers; NumPy's numbers count as Python's.
    """
    name = _name(address)
    generator = Generator(device).manual_seed(int.from_bytes(_digest(name), "little", signed=True))
    if generator.device.type == "cpu":
        _seed_whole(generator, name)
    return generator


def addressed_random(*address: object) -> np.random.Generator:
    """NumPy's random generator at an address, as :func:`addressed_generator` is torch's."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_digest(_name(address)), "little")))


def _name(address: tuple[object, ...]) -> bytes:
    plain = tuple(part.item() if isinstance(part, np.generic) else part for part in address)
    return repr(plain).encode()


def _digest(name: bytes) -> bytes:
    return hashlib.blake2b(name, digest_size=8).digest()


def _seed_whole(generator: Generator, name: bytes) -> None:
    """Make every word of the state of a CPU's generator, a Mersenne Twister, of a name.

    It takes 32 bits of a seed, whatever it is given: among 100,000 addresses one expects two with the same numbers.
    """
    state = generator.get_state()
    words = np.frombuffer(hashlib.shake_128(name).digest(4 * MERSENNE_WORDS), "<u4")
    # Before the words stand the seed, how many of them are left, and which is next.
    state.numpy().view(np.uint64)[3 : 3 + MERSENNE_WORDS] = words
    generator.set_state(state)


def _numbers(noises: Sequence[Noise], like: Tensor) -> Numbers:
    """The numbers of noises of one kind, one noise for each image: shape (B, C, 1, 1)."""
    numbers = torch.tensor([noise.numbers for noise in noises], dtype=like.dtype)
    return sent(numbers, like.device).movedim(1, 0)[..., None, None].unbind()


def standard_normal(like: Tensor, generators: Sequence[Sequence[Generator]]) -> Tensor:
    """Normal numbers of variance one, shape (B, C, H, W), with a generator for each image and band."""
    drawn = torch.empty_like(like, memory_format=torch.contiguous_format)
    for image, own in zip(drawn, generators, strict=True):
        for plane, generator in zip(image, own, strict=True):
            plane.normal_(generator=generator)
    return drawn


def counted(rate: Tensor, generators: Sequence[Sequence[Generator]]) -> Tensor:
    """Poisson counts of a rate, shape (B, C, H, W), with a generator for each image and band."""
    counts = [
        torch.stack([torch.poisson(plane, generator) for plane, generator in zip(image, own, strict=True)])
        for image, own in zip(rate, generators, strict=True)
    ]
    return torch.stack(counts)
