"""Small FITS files of every kind, and what their refusals are held to."""

import numpy as np
from astropy.io import fits

from pipeline.image import Image

SIZE = (20, 24)
VALUES = np.arange(480, dtype=np.float32).reshape(SIZE)
"""Pixels that all differ."""


def save(path, *hdus):
    """Write a file of these parts, behind an empty primary one where none is given."""
    first = hdus[0] if hdus and isinstance(hdus[0], fits.PrimaryHDU) else fits.PrimaryHDU()
    rest = hdus[1:] if hdus and hdus[0] is first else hdus
    fits.HDUList([first, *rest]).writeto(path, overwrite=True)
    return path


def extension(values, name="SCI", compressed=False, **keywords):
    """A part of a file, under these keywords."""
    hdu = (fits.CompImageHDU if compressed else fits.ImageHDU)(values, name=name)
    hdu.header.update(keywords)
    return hdu


def sky(**more):
    """A header with a place on the sky and a unit."""
    header = fits.Header()
    cards = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 215.97, "CRVAL2": 52.64, "CRPIX1": 10.0, "CRPIX2": 12.5,
        "CD1_1": -1e-4, "CD1_2": 2e-6, "CD2_1": 2e-6, "CD2_2": 1e-4, "BUNIT": "nanomaggy", "OBJECT": "HUDF",
    }  # fmt: skip
    header.update({**cards, **more})
    return header


def made(bands=("g",), unit="count", **more):
    """An image, each band 1000 brighter than the last."""
    pixels = np.stack([VALUES + 1000 * n for n in range(len(bands))])
    return Image("a", pixels, np.zeros(pixels.shape, bool), unit, bands, **more)


def one_line(error, *words):
    """The refusal is one line, and these words are in it."""
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert str(word) in message


def one_file(path, kind):
    """Write a cube with flags and a noise map, each with pixels that are not to be trusted."""
    cube = np.random.default_rng(0).normal(100, 5, (3, 50, 70)).astype(np.float32)
    flags, noise = np.zeros((50, 70), np.int16), np.full((50, 70), 2.0)
    flags[10:30, 40:], noise[40, :9], cube[1, :5], cube[2, 20, 20] = 5, np.nan, np.nan, np.inf
    compressed, integers = kind == "compressed", kind == "integers"
    science = extension(cube, compressed=compressed)
    if integers:
        science = extension(np.nan_to_num(cube, nan=-99, posinf=-99).astype(np.int16), BLANK=-99)
    save(path, science, extension(flags, "DQ", compressed), extension(noise, "ERR", compressed))
    if integers:
        with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
            hdus[1].header.update({"BSCALE": 0.5, "BZERO": 7.0})
    return path
