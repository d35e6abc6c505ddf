"""ingest: images of one study have one pixel scale."""

import numpy as np
import pytest
from astropy.io import fits

from pipeline.config import study_from
from pipeline.steps.ingest import IngestError, ingest
from pipeline.store import read_images


def write(folder, **scales):
    """Images with a WCS of these widths of a pixel in arcsec, far from one another; None: without one."""
    for number, (name, scale) in enumerate(scales.items()):
        cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0 + number, "CRVAL2": 0.0}
        cards |= {"CDELT1": -(scale or 1) / 3600, "CDELT2": (scale or 1) / 3600}
        pixels = np.random.default_rng(number).normal(0, 1, (64, 64)).astype(np.float32)
        fits.writeto(folder / f"{name}.fits", pixels, fits.Header(cards if scale else {}))
    return study_from({"images": {"dataset": "folder", "path": str(folder / "{id}.fits")}})


def test_another_pixel_scale_is_refused_naming_both_files_and_scales(tmp_path):
    study = write(tmp_path, a=None, b=0.4, c=0.402, d=0.1)
    with pytest.raises(IngestError) as error:
        ingest(study, tmp_path / "images.h5")
    said = str(error.value)
    assert said.startswith(f"{tmp_path / 'd.fits'}: pixels of 0.1 arcsec, but {tmp_path / 'b.fits'} has 0.4;")
    assert "\n" not in said
    assert not (tmp_path / "images.h5").exists()


def test_scales_that_agree_to_a_percent_are_taken(tmp_path):
    ingest(write(tmp_path, a=0.4, b=0.4035, c=None), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        assert [image.pixel_scale for image in images] == [pytest.approx(0.4), pytest.approx(0.4035), None]
