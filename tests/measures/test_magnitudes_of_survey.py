"""Magnitudes of simulated galaxies, undegraded, against the table of what was drawn."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from pipeline.config import study_from
from pipeline.measures.catalogue import list_sources
from pipeline.measures.fluxes import inside, light_within_ellipses, magnitudes
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.steps.simulate import simulate

NOISE = 25.0
"""About that of an exposure in counts; what is fainter than half of it no aperture has to reach."""


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """Measured minus drawn magnitude of bright isolated galaxies, a row per band."""
    folder = tmp_path_factory.mktemp("survey")
    images = {"dataset": "simulated_survey", "bands": ["g", "r", "i"]}
    images["survey"] = {"preset": "sdss", "images": 120, "size": 128, "density": 12}
    photons = {"psf": {"fwhm": ["1.4as"]}, "noise": {"kind": "poisson", "gain": [4.7]}}
    simulate(study_from({"study": "made", "seed": 1, "images": images, "degrade": photons}), folder)
    table = pd.read_csv(folder / "catalogue.csv", dtype={"image": str})
    lonely = table[(table["type"] == "galaxy") & (table["nearest"] > 20) & (table["magnitude_r"] < 20.5)]
    return pd.concat([_of_image(folder / "images" / f"{name}.fits", rows) for name, rows in lonely.groupby("image")])


def _of_image(path, rows):
    truth = fits.getdata(path, "TRUTH").astype(np.float64)
    truth -= np.array([sky_level_and_sigma(band)[0] for band in truth])[:, None, None]
    sources = list_sources(truth, 5.0, floor=0.5 * NOISE / np.sqrt(len(truth)))
    whole = inside(sources, sources.a, truth.shape[1:])
    light = [light_within_ellipses(band, sources) for band in truth]
    found = []
    for row in rows.itertuples():
        number = int(np.hypot(sources.y - row.y, sources.x - row.x).argmin())
        if whole[number]:
            drawn = [row.flux_g, row.flux_r, row.flux_i]
            found.append([magnitudes(b[number] / f, "adu") for b, f in zip(light, drawn)])
    return pd.DataFrame(found, columns=["g", "r", "i"], dtype=float)


@pytest.mark.slow
def test_magnitudes_of_bright_isolated_galaxies_are_those_that_were_drawn_to_a_fiftieth(errors):
    assert len(errors) >= 30
    assert (errors.median().abs() < 0.02).all()
