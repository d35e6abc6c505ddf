"""ingest, where one image stands for a whole study: the background of each band of its sky."""

import numpy as np
import pytest
from astropy.io import fits

from pipeline.config import study_from
from pipeline.steps.ingest import IngestError, ingest
from pipeline.store import read_images

THIRDS = [slice(0, 80), slice(80, 160), slice(160, 240)]


def field(levels):
    """A sky that is brighter from band to band, shape (90, 240)."""
    pixels = np.random.default_rng(0).normal(0, 1, (90, 240))
    for part, level in zip(THIRDS, levels):
        pixels[:, part] += level
    return pixels.astype(np.float32)


def ingested(tmp_path, kind, **files):
    (tmp_path / "in").mkdir()
    for name, pixels in files.items():
        fits.writeto(tmp_path / "in" / f"{name}.fits", pixels)
    images = {"dataset": "folder", "path": str(tmp_path / "in" / "{id}.fits"), "background": kind}
    ingest(study_from({"images": images, "split": {"folds": 3}}), tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as reader:
        return reader.image("a")


@pytest.mark.parametrize("kind", ["constant", "mesh"])
def test_a_single_image_loses_the_level_of_each_band_of_sky_and_can_have_it_back(tmp_path, kind):
    image = ingested(tmp_path, kind, a=field((0, 100, 50)))
    for part, level in zip(THIRDS, (0, 100, 50)):
        np.testing.assert_allclose(image.background[0, :, part], level, atol=1.5)
    np.testing.assert_allclose(image.pixels + image.background, field((0, 100, 50))[None], atol=1e-5)


def test_one_of_several_images_loses_one_level(tmp_path):
    image = ingested(tmp_path, "constant", a=field((0, 100, 50)), b=field((1, 2, 3)))
    assert np.ptp(image.background) == 0


def test_a_band_of_sky_without_a_trusted_pixel_is_refused_naming_file_and_place(tmp_path):
    pixels = field((0, 0, 0))
    pixels[:, THIRDS[1]] = np.nan
    with pytest.raises(IngestError, match=r"a\.fits: rows 0 to 89, columns 80 to 159: no trusted pixel") as error:
        ingested(tmp_path, "constant", a=pixels)
    assert "images.background" in str(error.value)
    assert not (tmp_path / "images.h5").exists()
