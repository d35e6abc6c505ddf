"""What a restorer makes of nothing: fields of noise, and the sources that its images hold and the noise does not.

As Park et al. 2024 (arXiv 2404.00102, appendix) test a network for invention; here the data are asked for each source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.finding import INVENTED, Finding, per_area, rate
from pipeline.audit.point_sources import LIMIT, unasked_sources
from pipeline.evaluation.blank_fields import blank_field
from pipeline.observation import Observation
from pipeline.restorers.restorer import Restorer
from pipeline.tiling import reflected_index

NULLS = 4
"""Fields on which the null is measured, for each one that is restored: it costs no restoring, and a null that is known
well lets a lower rate stand out."""
MEGAPIXEL = 1e6


@dataclass(frozen=True, eq=False)
class EmptySky:
    """Fields without sources, seen through the instrument of an observation.

    Parameters
    ----------
    like : Observation
        For bands, unit, instrument and noise.
    sky : sequence of float
        Level of the sky per band.
    size : int
        Width in px of what counts of a field; it is restored with a halo around it.
    address : tuple
        Where the noise lies, such as (seed, condition).
    """

    like: Observation
    sky: Sequence[float]
    size: int
    address: tuple[object, ...]

    @property
    def margin(self) -> int:
        """Pixels at the border of a field that do not count."""
        return self.like.operator.halo

    def field(self, number: int) -> Observation:
        """A field; its noise is a function of the address and the number."""
        width = self.size + 2 * self.margin
        return blank_field(_resized(self.like, width), self.sky, *self.address, "audit", number)


def empty_sky(restorer: Restorer, sky: EmptySky, fields: int) -> list[Finding]:
    """Count the sources that a restorer invents on empty sky.

    Parameters
    ----------
    restorer : Restorer
    sky : EmptySky
    fields : int
        How many are restored.

    Returns
    -------
    list of Finding
        ``fields_with_invention``, which speaks for *invented*; ``invented_per_mpx``, and of these those
        ``invented_above_limit``, the observation's point-source limit. The null is the observation itself, taken for
        the restored image.
    """
    made = [unasked_sources(restorer.restore(seen).pixels, seen, sky.margin) for seen in map(sky.field, range(fields))]
    return findings_on_empty_sky(made, null_of(sky, NULLS * fields), sky.size)


def null_of(sky: EmptySky, fields: int) -> list[NDArray[np.float64]]:
    """What is found on the observations of empty sky themselves."""
    others = (sky.field(-1 - number) for number in range(fields))
    return [unasked_sources(seen.preview.pixels, seen, sky.margin) for seen in others]


def findings_on_empty_sky(
    made: Sequence[NDArray[np.float64]], null: Sequence[NDArray[np.float64]], size: int, case: str = ""
) -> list[Finding]:
    """Rates of invention from the significances of the sources of each field, and of each field of the null."""
    (fields, per_mpx, above), (no_fields, no_per_mpx, no_above) = (_rates(found, size) for found in (made, null))
    n, part = len(made), "empty_sky"
    return [
        Finding(part, case, "fields_with_invention", fields, n, no_fields, INVENTED, 0.0),
        Finding(part, case, "invented_per_mpx", per_mpx, n, no_per_mpx),
        Finding(part, case, "invented_above_limit", above, n, no_above),
    ]


def _rates(found: Sequence[NDArray[np.float64]], size: int) -> tuple:
    area = len(found) * size**2 / MEGAPIXEL
    every = np.concatenate(found) if found else np.zeros(0)
    some = sum(len(sources) > 0 for sources in found)
    return rate(some, len(found)), per_area(every.size, area), per_area(int((every >= LIMIT).sum()), area)


def _resized(observation: Observation, width: int) -> Observation:
    """An observation of another size by the same instrument, for what it is like and not for its light."""
    preview = observation.preview
    rows, columns = (reflected_index(0, width, length) for length in preview.shape[-2:])
    here = (..., rows[:, None], columns)
    part = replace(
        preview,
        pixels=preview.pixels[here],
        mask=preview.mask[here],
        sigma=None if preview.sigma is None else preview.sigma[here],
        background=None if preview.background is None else preview.background[here],
    )
    return Observation(part, observation.operator)
