"""The Hubble eXtreme Deep Field as scikit-image ships it: 872 x 1000 px in three colours, stretched for the eye."""

from __future__ import annotations

import numpy as np
from skimage.data import hubble_deep_field

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.image import DISPLAY, Image

BANDS = ("red", "green", "blue")


def hubble(settings: Images) -> Dataset:
    """One image, ``hubble``, in display units from 0 to 1 (8-bit values divided by 255). No network is needed.

    Raises
    ------
    DatasetError
        If other bands are asked for.
    """
    if settings.bands is not None and tuple(settings.bands) != BANDS:
        raise DatasetError(
            f"hubble: has the bands {', '.join(BANDS)}, not {', '.join(settings.bands)}: leave out images.bands"
        )
    return Dataset({"hubble": "hubble"}, lambda id: _read(id, settings))


def _read(id: str, settings: Images) -> Image:
    pixels = np.ascontiguousarray(np.moveaxis(hubble_deep_field(), -1, 0), dtype=np.float32) / np.float32(255)
    mask = np.zeros(pixels.shape, bool)
    return Image(id, pixels, mask, DISPLAY, BANDS, group=id, pixel_scale=settings.pixel_scale)
