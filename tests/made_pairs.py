"""Real pairs in files, made without the code that reads them: galaxies, and what a coarser camera saw of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from made_training import made_study
from scipy.ndimage import convolve, gaussian_filter

from pipeline.config import Study

GAIN, LEVEL, NOISE = (40.0, 8.0), (3.0, -1.0), 0.02
"""Counts per unit of the sharp image, and of its empty sky, per band; noise in units of the sharp image."""
SIZE = 72


def kernel(width: float = 2.0) -> np.ndarray:
    """A lopsided PSF, shape (15, 15): neither round nor the same in a mirror, but centred on its light."""
    y, x = np.indices((15, 15)) - 7.0
    spot = np.exp(-((x - 1) ** 2 + (y - 0.5) ** 2) / (2 * width**2)) + 0.3 * np.exp(-((x + 3) ** 2 + y**2) / 3)
    return centred(spot / spot.sum())


def centred(stamp: np.ndarray) -> np.ndarray:
    """A stamp moved onto the middle of its light."""
    from scipy.ndimage import shift

    for _ in range(5):
        y, x = np.indices(stamp.shape) - (np.array(stamp.shape)[:, None, None] - 1) / 2
        stamp = shift(stamp, (-(stamp * y).sum(), -(stamp * x).sum()), order=3).clip(min=0)
        stamp = stamp / stamp.sum()
    return stamp


def galaxies(seed: int, size: int = SIZE) -> np.ndarray:
    """A sharp scene, shape (2, size, size): galaxies of some colour on a sky of zero, far from its border."""
    random = np.random.default_rng(seed)
    light = np.zeros((2, size, size))
    for _ in range(6):
        y, x = random.uniform(20, size - 20, 2)
        rows, columns = np.indices((size, size))
        shape = np.exp(-np.hypot(rows - y, columns - x) / random.uniform(1, 3))
        light += random.uniform(0.5, 2, (2, 1, 1)) * shape
    return gaussian_filter(light, (0, 1, 1)).astype(np.float32)


def write_pairs(folder: Path, count: int = 8, gain: Any = None, seen: Any = None) -> None:
    """Write sharp/<id>.fits, blurred/<id>.fits with the noise in ERR, and psf.fits; ``seen`` replaces some blurred."""
    for name in ("sharp", "blurred"):
        (folder / name).mkdir(exist_ok=True)
    fits.writeto(folder / "psf.fits", kernel(), overwrite=True)
    scale = np.array(GAIN if gain is None else gain)[:, None, None]
    for number in range(count):
        random, scene = np.random.default_rng(100 + number), galaxies(number)
        blurred = np.stack([convolve(plane, kernel(), mode="reflect") for plane in scene])
        data = scale * (blurred + NOISE * random.standard_normal(scene.shape)) + np.array(LEVEL)[:, None, None]
        data = data if seen is None else seen(number, data)
        fits.writeto(folder / "sharp" / f"i{number}.fits", scene, fits.Header({"BUNIT": "nanomaggy"}), overwrite=True)
        parts = [fits.PrimaryHDU(data.astype(np.float32), fits.Header({"BUNIT": "counts"}))]
        parts.append(fits.ImageHDU(np.broadcast_to(scale * NOISE, scene.shape).astype(np.float32), name="ERR"))
        fits.HDUList(parts).writeto(folder / "blurred" / f"i{number}.fits", overwrite=True)


def paired_study(
    folder: Path, networks: dict[str, Any] | None = None, pairs: dict[str, Any] | None = None, **sections: Any
) -> Study:
    """A study of such pairs."""
    given = {
        "sharp": str(folder / "sharp" / "{id}.fits"),
        "blurred": str(folder / "blurred" / "{id}.fits"),
        "register_by": "none",
        "psf": {"profile": "file", "file": str(folder / "psf.fits")},
        "blurred_files": {"noise": "ERR"},
        **(pairs or {}),
    }
    given = {name: value for name, value in given.items() if value is not None}
    return made_study(networks, **{"degrade": {}, "images": {"smallest": 32}, "pairs": given, **sections})
