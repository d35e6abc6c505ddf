"""A small image with all that an image can have, to be written and found again."""

from dataclasses import replace

import numpy as np

from pipeline.image import Image


def image(id="a", shape=(2, 40, 50), seed=0, **changes):
    """Random values, every optional part given; changes replace parts."""
    random = np.random.default_rng(seed)
    pixels = random.normal(size=shape).astype(np.float32)
    sigma = np.full(shape, 0.5, np.float32)
    made = Image(
        id, pixels, random.random(shape) < 0.1, "nJy", ("g", "r")[: shape[0]], "group 1", sigma, pixels + 3, 0.2
    )
    findings = random.integers(0, 3, shape, np.uint8)
    return replace(made, **{"header": "SIMPLE  = T", "findings": findings, **changes})


def same(one, other):
    """Two images are equal in every part, types of numbers included."""
    for name in ("pixels", "mask", "sigma", "background", "findings"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name) is None or getattr(one, name).dtype == getattr(other, name).dtype
    for name in ("id", "unit", "bands", "group", "pixel_scale", "header"):
        assert getattr(one, name) == getattr(other, name)
    return True


def left_over(folder):
    """Names of the files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
