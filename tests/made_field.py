"""Small generators and fields, untrained, whose tiles take milliseconds."""

import torch

from pipeline.config import SganSettings
from pipeline.fields.field import Field
from pipeline.fields.model import FIELD_GENERATOR
from pipeline.model_file import write_model
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


SETTINGS = SganSettings(width=4, latents=3)


def made_card(bands=2, **changes):
    """What `train_field` writes of a small generator."""
    return {
        **{"kind": FIELD_GENERATOR, "generator": "sgan", "settings": SETTINGS.model_dump(mode="json")},
        "stretch": Stretch("asinh", (0.1,) * bands, (SCALE,) * bands).to_dict(),
        **{"bands": list("rgbiz"[:bands]), "unit": "nanomaggy", "pixel_scale": 0.2, "psf_fwhm": None},
        **{"sky": [0.1] * bands, "sky_sigma": [0.01] * bands, "zero_points": None, "wcs": None},
        **{"study": "made", "fold": 0, "seed": 0, "versions": {"clearfield": "0"}, "data_hash": "0" * 64},
        **changes,
    }


def make_generator(path, bands=2, seed=0, **changes):
    """Write the model file of an untrained generator."""
    write_model(path, made_generator(bands, seed).state_dict(), made_card(bands, **changes))
    return path
