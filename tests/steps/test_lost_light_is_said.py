import json
import logging
from dataclasses import replace

import pytest
from made_study import make_study
from made_training import made_study, sky, write_sky

from pipeline.config import Psf
from pipeline.physics.psf import PSFError, light_lost
from pipeline.steps.degrade import degrade
from pipeline.steps.report import report
from pipeline.steps.split import split


def study_of(profile, fwhm):
    return made_study(degrade={"psf": {"profile": profile, "fwhm": [fwhm]}, "noise": {"sigma": [0.05]}})


@pytest.mark.parametrize("count", [1, 2])
def test_the_split_refuses_a_width_on_the_sky_that_is_too_wide_for_the_pixels(count, tmp_path):
    images = write_sky(tmp_path / "images.h5", *[sky(180, 240)] * count, pixel_scale=0.1)
    with pytest.raises(PSFError, match=r"degrade\.psf\.fwhm is 2as: 10\.\d% of the light of this airy"):
        split(images, study_of("airy", "2as"), tmp_path / "splits.csv")
    assert not (tmp_path / "splits.csv").exists()


@pytest.mark.parametrize(("profile", "spoken"), [("airy", True), ("gaussian", False)])
def test_degrading_says_what_the_stamp_leaves_out(profile, spoken, tmp_path, caplog):
    images = write_sky(tmp_path / "images.h5", sky(70, 80))
    with caplog.at_level(logging.INFO, "clearfield"):
        degrade(images, study_of(profile, "3px"), "fwhm3px_sigma0.05", tmp_path / "seen.h5")
    assert ("fwhm3px_sigma0.05: 1.6% of the PSF's light lies beyond its stamp" in caplog.text) == spoken


def test_the_report_says_it_for_each_condition(tmp_path):
    made = make_study(tmp_path / "study", fwhm=("3px",), methods=("degraded", "wiener"), networks=False)
    winged = made.study.degrade.model_copy(update={"psf": Psf(profile="airy", fwhm=["3px"])})
    made = replace(made, study=made.study.model_copy(update={"degrade": winged}))
    report(**made.report_arguments(tmp_path / "out"))
    lost = json.loads((tmp_path / "out/provenance.json").read_text())["light_lost"]
    assert lost == {"fwhm3px_sigma0.05": pytest.approx(light_lost("airy", 3.0))}
    page = (tmp_path / "out/report.html").read_text()
    assert "leave out 1.6% of the light under FWHM 3 px; the rest is scaled up" in page
