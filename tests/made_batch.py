"""Batches of crops of one image, and how two of them are held to be the same."""

import torch
from made_training import NOISE, degrader, made_study, write_sky

from pipeline.config import Augment
from pipeline.tiling import Window
from pipeline.training.regions import Region

CROP = 32
CHANGED = Augment(share=0.7, scale=1.5, rotation=True, brightness=8.0, colour=1.3)
"""Most scenes turned, resized, brightened and coloured."""


def whole_image(tmp_path, pixels, mask=None, study=None, **kwargs):
    """A degrader with the whole of one image for its region."""
    masks = None if mask is None else {0: mask}
    path = write_sky(tmp_path / "images.h5", pixels, masks=masks)
    return degrader(path, [Region("field0", Window(0, 0, *pixels.shape[1:]))], study, **kwargs)


def assert_same(one, other, **tolerance):
    """Two batches hold the same, to the last bit where no tolerance is given."""
    for a, b in zip((*one.inputs, one.target, one.weight), (*other.inputs, other.target, other.weight)):
        torch.testing.assert_close(a, b, **(tolerance or {"atol": 0, "rtol": 0}))


def flawed_study(**defects):
    """A study of one PSF and one noise, whose detector has these defects."""
    return made_study(degrade={"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [NOISE]}, "defects": defects})
