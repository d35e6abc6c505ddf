import pytest

from pipeline.config import study_from

PSF, NOISE = {"fwhm": ["3px"]}, {"sigma": [0.05]}


def degrade(**changes):
    return {"degrade": changes}


def test_conditions_are_named_by_key_value_and_unit_psf_outside_noise_inside():
    study = study_from(degrade(psf={"fwhm": ["1.4as", "2.50 as"]}, noise={"ratio": [1, 1.2, 10]}))
    assert [c.name for c in study.conditions] == [
        f"fwhm{width}_ratio{ratio}" for width in ("1.4as", "2.5as") for ratio in ("1", "1.2", "10")
    ]
    condition = study.condition("fwhm2.5as_ratio1.2")
    assert (condition.psf.fwhm, condition.noise.ratio) == (["2.5as"], [1.2])


@pytest.mark.parametrize(
    ("psf", "noise", "name"),
    [
        ({"fwhm_final": ["4px"]}, NOISE, "fwhm4px_sigma0.05"),
        (PSF, {"kind": "poisson", "gain": [1e6]}, "fwhm3px_gain1000000"),
        (PSF, {"sigma": [1e-7]}, "fwhm3px_sigma0.0000001"),
        (PSF, {"sigma": [0.123456789]}, "fwhm3px_sigma0.123456789"),
        ({"profile": "file", "file": "psf/ACS F814W (1).fits"}, NOISE, "psfACS_F814W_1__sigma0.05"),
    ],
)
def test_every_kind_of_condition_has_a_name_that_can_be_a_files(psf, noise, name):
    images = {"dataset": "folder", "path": "{id}.fits", "psf_fwhm": "2px"}
    study = study_from({"images": images, **degrade(psf=psf, noise=noise)})
    assert [c.name for c in study.conditions] == [name]


def test_conditions_can_be_given_names():
    study = study_from(degrade(names=["mild", "strong"]))
    assert [c.name for c in study.conditions] == ["mild", "strong"]
    assert study.condition("strong").psf.fwhm == ["4px"]
