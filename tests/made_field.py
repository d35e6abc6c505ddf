"""Small generators and fields, untrained, whose tiles take milliseconds."""

import torch

from pipeline.fields.field import Field
from pipeline.networks.sgan import Sgan
from pipeline.stretch import Stretch

SCALE = 0.01
"""Softening of the stretch of such fields."""


def made_generator(bands=2, seed=0, **sizes):
    """An untrained `sgan`."""
    torch.manual_seed(seed)
    return Sgan(bands, **{"width": 4, "latents": 3, **sizes})


def made_field(bands=2, seed=7, tile=32, **sizes):
    """A field of an untrained `sgan`."""
    stretch = Stretch("asinh", (0.1,) * bands, (SCALE,) * bands)
    return Field(made_generator(bands, **sizes), stretch, seed, tile, torch.device("cpu"))


def made_about(tile=32, bands=2, **more):
    """What a small field says of itself."""
    names = list("rgbiz"[:bands])
    return {"tile": tile, "bands": names, "unit": "nanomaggy", "pixel_scale": None, "seed": 7, "model": "abc", **more}
