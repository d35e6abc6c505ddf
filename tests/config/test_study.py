import pytest

from pipeline.config import CLASSICAL_METHODS, ConfigError, Study, study_from


def test_the_default_study_is_whole():
    study = study_from({})
    assert [c.name for c in study.conditions] == ["fwhm3px_sigma0.05", "fwhm4px_sigma0.05"]
    assert study.all_methods == [*CLASSICAL_METHODS, "nafnet_faithful", "nafnet_sharp"]
    assert study_from(study.model_dump(mode="json")) == study


def test_a_condition_that_does_not_exist_is_refused_in_words():
    with pytest.raises(ConfigError, match=r"no condition is called 'x'; the study has fwhm3px_sigma0\.05, fwhm4px"):
        Study().condition("x")


@pytest.mark.parametrize(
    ("network", "setting"),
    [
        ({"architecture": "nafnet", "regression": {"steps": 1, "batch": 6}}, "regression.batch: 6"),
        ({"architecture": "pix2pix", "steps": 1, "batch": 2}, "batch: 2"),
    ],
)
def test_a_batch_that_devices_cannot_share_evenly_is_refused(network, setting):
    with pytest.raises(ConfigError, match=rf"networks\.net\.{setting} crops cannot be shared evenly by train\.devices"):
        study_from({"networks": {"net": network}, "train": {"devices": 4}})
