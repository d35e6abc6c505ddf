"""Magnitudes of real galaxies against their catalogue (Hubble, F814W; see the README of the data)."""

import numpy as np
import pytest
from astropy.io import fits

from pipeline.measures.catalogue import list_sources
from pipeline.measures.fluxes import light_within_ellipses, magnitudes

ZERO_POINT = 25.937
"""Of the catalogue: by it, its magnitudes are those of its own fluxes."""


@pytest.fixture(scope="module")
def measured_and_catalogued(data):
    """Magnitudes of those in the middle of their cut-outs, and what the catalogue says of them."""
    folder = data / "cosmos_hst_f814w"
    catalogue = fits.getdata(folder / "real_galaxy_catalog_26_extension_example.fits", 1)
    found = []
    with fits.open(folder / "real_galaxy_images_extension.fits") as images:
        for row in catalogue:
            image = images[row["GAL_HDU"]].data[None].astype(np.float64)
            sources = list_sources(image, 3.0)
            middle = (np.array(image.shape[1:]) - 1) / 2
            nearest = np.argsort(np.hypot(sources.y - middle[0], sources.x - middle[1]))[:1]
            light = light_within_ellipses(image[0], sources)[nearest]
            found.append(magnitudes(light, "electron/s")[0] if len(light) else np.nan)
    return np.array(found), np.array(catalogue["MAG"], np.float64)


@pytest.mark.parametrize(("limit", "few", "scatter"), [(24.0, 20, 0.06), (25.0, 50, 0.08)])
def test_magnitudes_agree_with_the_catalogue_up_to_its_zero_point(measured_and_catalogued, limit, few, scatter):
    measured, catalogued = measured_and_catalogued
    bright = catalogued < limit
    difference = (measured - catalogued)[bright]
    assert np.isfinite(difference).all()
    assert len(difference) >= few
    constant = np.median(difference)
    assert constant == pytest.approx(-ZERO_POINT, abs=0.06)
    assert 1.4826 * np.median(abs(difference - constant)) < scatter
