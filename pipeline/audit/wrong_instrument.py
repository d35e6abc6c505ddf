"""What a restorer makes of data whose PSF or noise it is told wrongly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.consistency import consistency
from pipeline.audit.empty_sky import EmptySky, findings_on_empty_sky, null_of
from pipeline.audit.finding import Finding, Interval, mean
from pipeline.audit.point_sources import unasked_sources
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.measures.fidelity import psnr
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.low_dose import LowDoseNoise
from pipeline.physics.mistaken import with_width
from pipeline.physics.noise import GaussianNoise, Noise, PoissonNoise
from pipeline.restorers.restorer import Restorer


@dataclass(frozen=True)
class Mistake:
    """By which factors the width of the PSF and the noise that a restorer is told differ from the true ones."""

    width: float = 1.0
    noise: float = 1.0

    @property
    def words(self) -> str:
        """``PSF +10%`` or ``noise x2``."""
        return f"noise ×{self.noise:g}" if self.width == 1 else f"PSF {100 * (self.width - 1):+.0f}%".replace("-", "−")

    def told(self, seen: Observation) -> Observation:
        """The same data, with the instrument as one takes it to be who makes the mistake."""
        operator, preview = seen.operator, seen.preview
        if self.width != 1 and isinstance(operator, Blur):
            operator = with_width(operator, self.width)
        if self.noise != 1:
            operator = replace(operator, noise=louder(operator.noise, self.noise))  # type: ignore[type-var]
            sigma = None if preview.sigma is None else np.asarray(self.noise * preview.sigma, np.float32)
            preview = replace(preview, sigma=sigma)
        return replace(seen, preview=preview, operator=operator)


def louder(noise: Noise, factor: float) -> Noise:
    """Noise of which the standard deviation is a multiple of another's, at every light."""
    if isinstance(noise, GaussianNoise):
        return GaussianNoise(tuple(factor * level for level in noise.level), noise.shared)
    if isinstance(noise, PoissonNoise):
        gain = tuple(value / factor**2 for value in noise.gain)
        return PoissonNoise(gain, tuple(value / factor for value in noise.read_noise), noise.sky)
    if isinstance(noise, LowDoseNoise):
        # As at another dose: nearly a multiple, as long as photons are not few.
        photons = tuple(value / factor**2 for value in noise.photons)
        return replace(noise, photons=photons, electronic=tuple(value / factor for value in noise.electronic))
    return noise


def mistakes(widths: Sequence[float], noise: float) -> list[Mistake]:
    """The PSF, if there is one, too narrow and too wide by each share, the noise too low and too high by a factor."""
    return [
        *(Mistake(width=1 + sign * share) for share in widths for sign in (-1, 1)),
        *(Mistake(noise=factor) for factor in (1 / noise, noise)),
    ]


def wrong_instrument(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    restored: Sequence[Image],
    sky: EmptySky | None,
    wrong: Sequence[Mistake],
    fields: int,
    put_up_with: float,
) -> Iterator[Finding]:
    """Change of fidelity, contradiction and invention with each mistake.

    Images are judged by the true instrument. The null of each measure is what it is without the mistake; the loss of
    PSNR, in dB, is paired. None of it speaks for a verdict: it says what has to be known to use a method.

    Parameters
    ----------
    restorer : Restorer
    specimens : sequence of Specimen
        Those without a truth have no PSNR.
    restored : sequence of Image
        Without a mistake.
    sky : EmptySky, optional
        None where there is none, as in a body.
    wrong : sequence of Mistake
    fields : int
        Empty fields for each mistake.
    put_up_with : float
        See :func:`~pipeline.audit.consistency.consistency`.
    """
    right = consistency(specimens, restored, put_up_with)
    null = [] if sky is None else null_of(sky, fields)
    for mistake in wrong:
        images = [restorer.restore(mistake.told(s.seen)) for s in specimens]
        loss = np.array([_psnr(i, s) - _psnr(r, s) for i, r, s in zip(images, restored, specimens)])
        known = int(np.isfinite(loss).sum())
        yield Finding("wrong_instrument", mistake.words, "psnr_change", mean(loss), known, Interval(0.0, 0.0, 0.0))
        for found, before in zip(consistency(specimens, images, put_up_with), right):
            if found.measure == "contradicted_cells":
                yield Finding("wrong_instrument", mistake.words, found.measure, found.found, found.n, before.found)
        if sky is not None:
            yield from _on_empty_sky(restorer, sky, mistake, null, fields)


def _on_empty_sky(
    restorer: Restorer, sky: EmptySky, mistake: Mistake, null: Sequence[NDArray[np.float64]], fields: int
) -> Iterator[Finding]:
    made = []
    for seen in map(sky.field, range(fields)):
        image = restorer.restore(mistake.told(seen))
        made.append(unasked_sources(image.pixels, seen, sky.margin))
    for found in findings_on_empty_sky(made, null, sky.size):
        if found.measure == "fields_with_invention":
            yield replace(found, part="wrong_instrument", case=mistake.words, verdict="", threshold=math.nan)


def _psnr(image: Image, specimen: Specimen) -> float:
    if specimen.truth is None:
        return math.nan
    truth, made = (specimen.part(pixels) for pixels in (specimen.truth.pixels, image.pixels))
    masked = specimen.truth.mask[(..., *specimen.counted.slices)]
    span = float(np.ptp(truth[~masked])) if (~masked).any() else 0.0
    return psnr(made, truth, span, masked) if span > 0 else math.nan
