import os

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from pipeline.config import ConfigError, Images, study_from
from pipeline.datasets import open_dataset
from pipeline.datasets.simulated_survey import SurveyError
from pipeline.steps.ingest import ingest
from pipeline.steps.simulate import simulate
from pipeline.store import read_images


def study(seed=0, threads=1, survey=None, **images):
    made = {"images": 3, "size": 64, "density": 20} | (survey or {})
    photons = {"psf": {"fwhm": ["1.4as"]}, "noise": {"kind": "poisson", "gain": [4.7]}}
    images = {"dataset": "simulated_survey", "survey": made, **images}
    return study_from({"study": "made", "seed": seed, "threads": threads, "images": images, "degrade": photons})


def files(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "images").iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    simulate(study(), folder)
    return folder


def test_a_file_holds_exposure_truth_and_maps_with_all_that_is_needed_to_measure(made):
    with fits.open(made / "images" / "00001.fits") as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "EXPOSURE", "TRUTH", "SEGMENTATION", "CLASS"]
        header, exposure, truth = hdus["EXPOSURE"].header, hdus["EXPOSURE"].data, hdus["TRUTH"].data
        assert exposure.shape == truth.shape == (3, 64, 64)
        assert (header["BUNIT"], header["GAIN"], header["EXPTIME"]) == ("adu", 4.7, 53.9)
        assert header["MAGZERO2"] == pytest.approx(24.0 + 2.5 * np.log10(53.9))
        labels, classes = hdus["SEGMENTATION"].data, hdus["CLASS"].data
        table = pd.read_csv(made / "catalogue.csv", dtype={"image": str}).query("image == '00001'")
        ra, dec = WCS(hdus["SEGMENTATION"].header).wcs_pix2world(table.x, table.y, 0)
    np.testing.assert_allclose([ra, dec], [table.ra, table.dec], atol=1e-8)
    assert set(np.unique(labels)) <= {0, *table.label}
    for line in table.itertuples():
        assert set(classes[labels == line.label]) <= {["sky", "star", "galaxy", "quasar"].index(line.type)}
    np.testing.assert_allclose(table.flux_r, 10 ** (-0.4 * (table.magnitude_r - header["MAGZERO2"])), rtol=1e-9)


def test_an_interrupted_survey_goes_on_where_it_was(made, tmp_path):
    folder = tmp_path / "again"
    simulate(study(), folder)
    before = files(folder)
    (folder / "images" / "00001.fits").unlink()
    (folder / "images" / ".part123.00002.fits").write_bytes(b"SIMPLE  =")
    (folder / "catalogue.csv").unlink()
    simulate(study(), folder)
    after = files(folder)
    assert [name for name in before if before[name] != after[name]] == ["00001.fits"]
    for name in before:
        assert (folder / "images" / name).read_bytes() == (made / "images" / name).read_bytes()


def test_other_settings_draw_again_and_leave_nothing_of_before(tmp_path):
    simulate(study(), tmp_path)
    before = files(tmp_path)
    simulate(study(seed=1, survey={"images": 2}), tmp_path)
    after = files(tmp_path)
    assert set(after) == {"00000.fits", "00001.fits"}
    assert all(after[name] != before[name] for name in after)


def test_more_images_leave_those_that_there_are(tmp_path):
    simulate(study(survey={"images": 2}), tmp_path)
    before = files(tmp_path)
    simulate(study(), tmp_path)
    assert len(files(tmp_path)) == 3
    assert before.items() <= files(tmp_path).items()


def test_a_file_of_the_users_is_not_written_over(tmp_path):
    (tmp_path / "images").mkdir()
    fits.PrimaryHDU(np.zeros((4, 4))).writeto(tmp_path / "images" / "00002.fits")
    with pytest.raises(SurveyError, match=r"00002\.fits: not of a simulated survey"):
        simulate(study(), tmp_path)


def test_only_a_survey_is_simulated(tmp_path):
    with pytest.raises(SurveyError, match=r"images\.dataset is hubble"):
        simulate(study_from({}), tmp_path)


@pytest.mark.parametrize("truth", ["noise_free", "exposure"])
def test_ingest_reads_from_the_files_what_it_would_draw_itself(made, tmp_path, truth):
    settings = study(survey={"truth": truth})
    ingest(settings, tmp_path / "read.h5", made)
    ingest(settings, tmp_path / "drawn.h5")
    with read_images(tmp_path / "read.h5") as read, read_images(tmp_path / "drawn.h5") as drawn:
        for one, other in zip(read, drawn, strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)
            assert (one.unit, one.bands, one.group) == ("adu", ("g", "r", "i"), one.id)
            assert one.pixel_scale == pytest.approx(0.396)
            assert (other.unit, other.bands, other.group) == (one.unit, one.bands, one.group)
        assert read.ids == drawn.ids == ["00000", "00001", "00002"]
        # A truth without noise has not even a sky.
        assert (min(read.attributes["sky_sigma"]) > 1) == (truth == "exposure")


def test_the_folder_is_read_back_as_a_users_own(made):
    own = Images(dataset="folder", path=str(made / "images" / "{id}.fits"), science="EXPOSURE")
    survey = study(survey={"truth": "exposure"}).images
    for mine, drawn in zip(open_dataset(own), open_dataset(survey), strict=True):
        np.testing.assert_array_equal(mine.pixels, drawn.pixels)
        assert (mine.id, mine.unit, mine.bands) == (drawn.id, drawn.unit, drawn.bands)


def test_a_folder_of_another_survey_is_not_ingested(made, tmp_path):
    with pytest.raises(SurveyError, match="seed is 0, and the study asks for 5"):
        ingest(study(seed=5), tmp_path / "images.h5", made)
    with pytest.raises(SurveyError, match="holds no whole survey"):
        ingest(study(), tmp_path / "images.h5", tmp_path)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ({"bands": ["g", "y"]}, "'y' is no filter of sdss; it has u, g, r, i, z"),
        ({"unit": "electron"}, "images.unit: is not read of a survey"),
        ({"dataset": "hubble"}, "survey: would not be read"),
    ],
)
def test_settings_that_a_survey_has_no_use_for_are_refused(images, says):
    with pytest.raises(ConfigError, match=says):
        study(**images)


@pytest.mark.parametrize(
    "sections",
    [
        {"degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"ratio": [2]}}},
        {"degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [2]}}, "evaluate": {"spaces": ["asinh"]}},
    ],
)
def test_what_goes_by_the_noise_of_the_truth_needs_a_truth_with_noise(sections):
    images = {"dataset": "simulated_survey"}
    with pytest.raises(ConfigError, match="noise_free has none"):
        study_from({"images": images, **sections})
    study_from({"images": images | {"survey": {"truth": "exposure"}}, **sections})


@pytest.mark.slow
def test_two_processes_draw_what_one_does(made, tmp_path):
    os.environ.pop("LOCAL_RANK", None)
    simulate(study(threads=2), tmp_path)
    for path in (made / "images").iterdir():
        assert path.read_bytes() == (tmp_path / "images" / path.name).read_bytes()
    assert (made / "catalogue.csv").read_bytes() == (tmp_path / "catalogue.csv").read_bytes()
