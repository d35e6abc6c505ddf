import pytest

from pipeline.config import USUAL_METHODS, ConfigError, Study, study_from


def test_the_default_study_is_whole():
    study = study_from({})
    assert [c.name for c in study.conditions] == ["fwhm3px_sigma0.05", "fwhm4px_sigma0.05"]
    assert study.all_methods == [*USUAL_METHODS, "nafnet_faithful", "nafnet_sharp"]
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


GRID = {"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [0.05, 0.1]}}
BOTH = {
    "one": {"architecture": "nafnet"},
    "many": {"architecture": "pix2pix", "steps": 1, "conditions": "each"},
}


def test_a_network_serves_the_grid_unless_it_is_asked_for_a_specialist_for_each_condition():
    study = study_from({"degrade": GRID, "networks": BOTH})
    cells = [f"fwhm{width}px_sigma{level}" for width in (2, 3) for level in (0.05, 0.1)]
    assert study.models == ["one", *(f"many@{cell}" for cell in cells)]
    assert [study.model_for(network, cells[2]) for network in BOTH] == ["one", f"many@{cells[2]}"]
    assert study.network_methods == ["one_faithful", "one_sharp", "many_sharp"]


@pytest.mark.parametrize("names", [None, ["a", "b", "c", "d"]])
def test_a_specialist_is_trained_in_a_study_of_its_condition_alone(names):
    study = study_from({"degrade": GRID | {"names": names}, "networks": BOTH})
    for condition in study.conditions:
        network, seen = study.seen_by(f"many@{condition.name}")
        assert (network, seen.conditions) == ("many", [condition])
        assert seen.degrade.defects == study.degrade.defects
    assert study.seen_by("one") == ("one", study)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("other", "no network is called 'other'; the study has one, many"),
        ("many", "no model is called 'many'; the study has many@fwhm2px_sigma0.05, "),
        ("many@x", "no model is called 'many@x'; the study has many@fwhm2px_sigma0.05, "),
        ("one@fwhm2px_sigma0.05", "no model is called 'one@fwhm2px_sigma0.05'; the study has one$"),
    ],
)
def test_a_model_that_does_not_exist_is_refused_in_words(model, says):
    with pytest.raises(ConfigError, match=says):
        study_from({"degrade": GRID, "networks": BOTH}).seen_by(model)
