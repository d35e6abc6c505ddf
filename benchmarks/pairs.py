"""Real pairs, made of Hubble's galaxies: training on them against training by simulation, and the flux."""

from __future__ import annotations

import os
from pathlib import Path

import galsim
import numpy as np
from astropy.io import fits

from benchmarks.record import record
from benchmarks.study import STUDIES, finished

MADE = Path("work", "bench_pairs")
LEAST = 40
"""Galaxies whose stamps are that many px wide are taken."""
SHARP_SCALE, COARSE_SCALE, FWHM = 0.03, 0.06, 0.15
"""Arcsec: widths of the pixels, and of the seeing."""
GAIN, LEVEL, TURN = 40.0, 3.0, 17.0
"""Counts for an electron/s, level of the sky in counts, and degrees by which the blurred camera is turned."""
NOISE = 0.3
"""Standard deviation of the blurred images' noise in counts."""


def run() -> None:
    """Every method on the same pairs, and the gain that they were made with."""
    make_pairs(MADE, data_folder())
    done = finished(STUDIES / "pairs.yaml")
    (condition,) = done.conditions
    reference = done.reference(condition)
    for network in ("retrained", "simulated"):
        gain = done.paired(condition, f"{network}_faithful", reference)
        record(f"pairs/{network}_over_{reference}", gain.median(), unit="dB")
    difference = done.paired(condition, "retrained_faithful", "simulated_faithful")
    record("pairs/retrained_over_simulated", difference.median(), unit="dB")
    log = Path("logs", done.study.study, "pair", f"{condition}.log").read_text()
    record("pairs/gain_error", abs(float(log.split("blurred = ")[1].split()[1]) / GAIN - 1), "<= 0.02")


def data_folder() -> Path:
    """Where the real images lie that the project does not ship."""
    return Path(os.environ.get("CLEARFIELD_DATA", "../shared/data"))


def make_pairs(folder: Path, data: Path) -> None:
    """Write sharp/<id>.fits, blurred/<id>.fits, with a WCS each, and psf.fits, by galsim alone."""
    seeing = galsim.Moffat(beta=3.0, fwhm=FWHM)
    for name in ("sharp", "blurred"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _write(folder / "psf.fits", seeing.drawImage(nx=41, ny=41, scale=COARSE_SCALE).array, PIXELSCL=COARSE_SCALE)
    with fits.open(data / "cosmos_hst_f814w" / "real_galaxy_images_extension.fits") as galaxies:
        for number, hdu in enumerate(galaxies):
            pixels = hdu.data.astype(np.float64)
            if min(pixels.shape) >= LEAST:
                _write_pair(folder, f"g{number:03d}", pixels, seeing, np.random.default_rng(number))


def _write_pair(
    folder: Path, id: str, pixels: np.ndarray, seeing: galsim.GSObject, random: np.random.Generator
) -> None:
    height, width = pixels.shape
    declination, shift = 2 + random.uniform(-0.5, 0.5), random.uniform(-0.5, 0.5, 2)
    cosine, sine = np.cos(np.radians(TURN)), np.sin(np.radians(TURN))
    straight, turned = SHARP_SCALE * np.eye(2), COARSE_SCALE * np.array([[cosine, -sine], [sine, cosine]])
    size = round(1.5 * max(height, width) * SHARP_SCALE / COARSE_SCALE) + 8
    scene = galsim.InterpolatedImage(galsim.Image(pixels, scale=SHARP_SCALE))
    # What the sharp camera's pixels did is in the sharp image already; the coarse one's are in its PSF too.
    image = galsim.Convolve(scene, seeing).drawImage(
        nx=size, ny=size, wcs=galsim.JacobianWCS(*turned.ravel()), offset=galsim.PositionD(*shift), dtype=float
    )
    counts = GAIN * image.array * (SHARP_SCALE / COARSE_SCALE) ** 2 + LEVEL
    counts += random.normal(0, NOISE, counts.shape)
    middle = np.array([width + 1, height + 1]) / 2
    _write(folder / "sharp" / f"{id}.fits", pixels, **_wcs(straight, middle, declination))
    noise = np.full(counts.shape, NOISE)
    centre = np.array([size + 1, size + 1]) / 2 + shift
    _write(folder / "blurred" / f"{id}.fits", counts, noise, **_wcs(turned, centre, declination))


def _wcs(scale: np.ndarray, centre: np.ndarray, declination: float) -> dict[str, float | str]:
    """Cards of a tangent plane: arcsec per pixel, shape (2, 2), and the pixel that shows its middle."""
    # To the left, since right ascension grows there.
    degrees = np.array([[-1.0], [1.0]]) * scale / 3600
    cards = {f"CD{i + 1}_{j + 1}": degrees[i, j] for i in (0, 1) for j in (0, 1)}
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": 150.0,
        "CRVAL2": declination,
        "CRPIX1": centre[0],
        "CRPIX2": centre[1],
        **cards,
    }


def _write(path: Path, pixels: np.ndarray, noise: np.ndarray | None = None, **cards: float | str) -> None:
    hdus = [fits.PrimaryHDU(pixels.astype(np.float32), fits.Header(cards))]
    if noise is not None:
        hdus.append(fits.ImageHDU(noise.astype(np.float32), name="ERR"))
    fits.HDUList(hdus).writeto(path, overwrite=True)
