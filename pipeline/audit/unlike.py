"""Inputs unlike those that a restorer has learned from: what it makes of them, and whether anything tells the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import skimage.data
import torch
from scipy.ndimage import gaussian_filter
from skimage.transform import resize

from pipeline.audit.consistency import consistency
from pipeline.audit.finding import Finding, Interval
from pipeline.audit.specimen import Specimen, Width, with_data
from pipeline.evaluation.blank_fields import redrawn
from pipeline.image import Image, Pixels
from pipeline.measures.plausibility import oddities
from pipeline.physics.noise import addressed_generator
from pipeline.restorers.restorer import Restorer

CORRELATION_WIDTH = 0.8
"""Standard deviation in px of the Gaussian by which noise is made smooth: as resampling does."""
STAR = 30.0
"""Light of a saturated star at its peak, over the span of the scene; it is cut off at the span."""
RAY = 40.0
"""Charge of a cosmic ray, in sigmas of the noise."""
GAP = 6
"""Rows between two chips, read as 0."""
METAL, BRIGHT = 0.03, 3.0
"""Radius of an implant, over the width of a slice, and its value, over the span of the slice."""

Changed = Callable[[Specimen, tuple[object, ...]], Specimen]


def unlike_inputs(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    brightest: Sequence[float],
    width: Width | None,
    put_up_with: float,
    *address: object,
) -> Iterator[Finding]:
    """What a restorer makes of each kind of strange input, and whether the input is told to be strange.

    None of it speaks for a verdict: data that no scene explains contradict every image.

    Parameters
    ----------
    restorer : Restorer
    specimens : sequence of Specimen
        To be changed. The first finding of each measure is of them as they are.
    brightest : sequence of float
        The brightest light per band that the restorer has learned from; empty for a formula.
    width : callable, optional
        The width of the restorer's own interval, where it has one.
    put_up_with : float
        See :func:`~pipeline.audit.consistency.consistency`.
    *address
        Where what is random lies.

    Yields
    ------
    Finding
        For each kind ``contradicted_cells``; ``warned``, the share of the inputs of which
        :func:`~pipeline.measures.plausibility.oddities` says something, which it does of data that are an image;
        ``interval_widens``, the median over inputs of
        the mean width of the interval, over that of the input as it is.
    """
    usual = None if width is None else [float(np.mean(width(s.seen))) for s in specimens]
    whole = any(s.seen.operator.whole for s in specimens)
    for kind, change in {"as it is": _same, **(KINDS_OF_SLICES if whole else KINDS)}.items():
        changed = [change(s, (*address, kind, number)) for number, s in enumerate(specimens)]
        images = [restorer.restore(s.seen) for s in changed]
        for found in consistency(changed, images, put_up_with):
            if found.measure == "contradicted_cells":
                yield Finding("unlike", kind, found.measure, found.found, found.n, found.null)
        if not whole:
            told = [bool(oddities(s.seen.preview, s.seen.operator, brightest)) for s in changed]
            share = float(np.mean(told)) if told else np.nan
            yield Finding("unlike", kind, "warned", Interval(share, share, share), len(told))
        if width is not None and usual is not None:
            wider = [float(np.mean(width(s.seen))) / before for s, before in zip(changed, usual)]
            middle = float(np.median(wider))
            yield Finding("unlike", kind, "interval_widens", Interval(middle, min(wider), max(wider)), len(wider))


def _same(specimen: Specimen, _address: tuple[object, ...]) -> Specimen:
    return specimen


def _other_domain(specimen: Specimen, address: tuple[object, ...]) -> Specimen:
    """A photograph of people and things, on the span of the scene's light."""
    preview = specimen.seen.preview
    low, high = _span(specimen)
    photograph = resize(skimage.data.camera() / 255.0, preview.shape[-2:], anti_aliasing=True)
    scene = low + (high - low) * photograph
    truth = preview.with_pixels(np.broadcast_to(scene, preview.shape).astype(np.float32))
    return replace(specimen, seen=redrawn(specimen.seen, truth, *address), truth=truth)


def _metal(specimen: Specimen, address: tuple[object, ...]) -> Specimen:
    """A disk far brighter than the body, in the middle, before the slice is scanned."""
    scene = specimen.seen.preview if specimen.truth is None else specimen.truth
    low, high = _span(specimen)
    y, x = np.ogrid[: scene.shape[-2], : scene.shape[-1]]
    middle, radius = _middle(specimen), METAL * min(scene.shape[-2:])
    pixels = np.where(np.hypot(y - middle[0], x - middle[1]) <= radius, low + BRIGHT * (high - low), scene.pixels)
    truth = scene.with_pixels(pixels.astype(np.float32))
    return replace(specimen, seen=redrawn(specimen.seen, truth, *address), truth=truth)


def _correlated_noise(specimen: Specimen, address: tuple[object, ...]) -> Specimen:
    """Noise of the level that is said, but smooth, in place of white noise."""
    preview = specimen.seen.preview
    noise = np.stack([_normal(preview.shape[-2:], *address, band) for band in preview.bands])
    smooth = gaussian_filter(noise, (0, CORRELATION_WIDTH, CORRELATION_WIDTH))
    clean = preview.pixels if specimen.truth is None else _forward(specimen, specimen.truth.pixels)
    data = clean + _sigma(preview) * smooth / smooth.std()
    return replace(specimen, seen=with_data(specimen.seen, data), truth=None)


def _saturated_star(specimen: Specimen, _address: tuple[object, ...]) -> Specimen:
    """A star far brighter than the scene, in the middle, cut off at a level that no mask tells of."""
    low, high = _span(specimen)
    pixels = specimen.seen.preview.pixels
    light = _forward(specimen, _point(pixels, *_middle(specimen)))
    data = np.minimum(pixels + STAR * (high - low) / light.max() * light, high)
    return replace(specimen, seen=with_data(specimen.seen, data), truth=None)


def _cosmic_ray(specimen: Specimen, _address: tuple[object, ...]) -> Specimen:
    """A slanting track of a few pixels in the first band that no mask tells of."""
    preview = specimen.seen.preview
    data, sigma = preview.pixels.copy(), _sigma(preview)
    y, x = _middle(specimen)
    for step in range(-3, 4):
        at = (0, y + step, x + 2 * step // 3)
        data[at] += RAY * sigma[at]
    return replace(specimen, seen=with_data(specimen.seen, data), truth=None)


def _gap(specimen: Specimen, _address: tuple[object, ...]) -> Specimen:
    """Rows that were not read and hold 0, of which no mask tells."""
    data = specimen.seen.preview.pixels.copy()
    y, _ = _middle(specimen)
    data[:, y : y + GAP] = 0
    return replace(specimen, seen=with_data(specimen.seen, data), truth=None)


KINDS: dict[str, Changed] = {
    "another domain": _other_domain,
    "correlated noise": _correlated_noise,
    "saturated star": _saturated_star,
    "cosmic ray": _cosmic_ray,
    "gap": _gap,
}
"""What is made of a specimen, by what it is called."""
KINDS_OF_SLICES: dict[str, Changed] = {"another domain": _other_domain, "metal": _metal}
"""The same of slices through a body."""


def _span(specimen: Specimen) -> tuple[float, float]:
    pixels = specimen.seen.preview.pixels if specimen.truth is None else specimen.truth.pixels
    low, high = np.quantile(pixels, (0.01, 0.999))
    return float(low), float(max(high, low + 10 * np.median(_sigma(specimen.seen.preview))))


def _sigma(image: Image) -> Pixels:
    return np.ones_like(image.pixels) if image.sigma is None else image.sigma


def _middle(specimen: Specimen) -> tuple[int, int]:
    core = specimen.counted
    return core.y0 + core.height // 2, core.x0 + core.width // 2


def _point(like: Pixels, y: int, x: int) -> Pixels:
    point = np.zeros_like(like)
    point[:, y, x] = 1
    return point


def _forward(specimen: Specimen, scene: Pixels) -> Pixels:
    return specimen.seen.operator.forward(torch.from_numpy(np.asarray(scene, np.float32))[None])[0].numpy()


def _normal(size: tuple[int, ...], *address: object) -> Pixels:
    return torch.randn(size, generator=addressed_generator(*address)).numpy()
