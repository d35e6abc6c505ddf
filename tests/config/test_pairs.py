import pytest

from pipeline.config import ConfigError, study_from

PAIRS = {"sharp": "hst/{id}.fits", "blurred": "ground/{id}.fits", "psf": {"profile": "moffat", "fwhm": ["0.7as"]}}


def test_pairs_stand_for_dataset_and_instrument():
    study = study_from({"pairs": PAIRS})
    assert (study.images.dataset, study.images.path) == ("folder", "hst/{id}.fits")
    (condition,) = study.conditions
    assert (condition.name, condition.psf.profile, condition.psf.fwhm) == ("pairs", "moffat", ["0.7as"])


def test_a_resolved_study_of_pairs_comes_back_as_itself():
    study = study_from({"pairs": {**PAIRS, "name": "seeing"}, "images": {"unit": "count"}})
    assert study_from(study.model_dump(mode="json")) == study


def test_stamps_take_the_place_of_a_psf():
    study = study_from({"pairs": {**{k: v for k, v in PAIRS.items() if k != "psf"}, "stamps": "psfs.csv"}})
    assert study.conditions[0].psf.file == "psfs.csv"


def test_networks_learn_from_pairs_unless_they_are_told_otherwise():
    networks = {
        name: {"architecture": "nafnet"} | ({"learns_from": source} if source else {})
        for name, source in (("a", None), ("b", "pairs"), ("c", "simulation"))
    }
    study = study_from({"pairs": PAIRS, "networks": networks})
    assert [study.learns_from_pairs(name) for name in networks] == [True, True, False]
    assert not study_from({}).learns_from_pairs("nafnet")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"pairs": {**PAIRS, "stamps": "a.csv"}}, "either psf or stamps"),
        ({"pairs": {k: v for k, v in PAIRS.items() if k != "psf"}}, "either psf or stamps"),
        ({"pairs": {**PAIRS, "psf": {"fwhm": ["1px", "2px"]}}}, "give one width"),
        ({"pairs": {**PAIRS, "blurred": "ground/a.fits"}}, "a pattern with {id}"),
        ({"pairs": {**PAIRS, "blurred": "ground/{name}{id}.fits"}}, "a pattern with {id}"),
        ({"pairs": {**PAIRS, "affine": "t.csv"}}, "register_by: affine"),
        ({"pairs": {**PAIRS, "register_by": "affine"}}, "a table is needed"),
        ({"pairs": PAIRS, "images": {"dataset": "hubble"}}, "pairs.sharp says where the images are"),
        ({"pairs": PAIRS, "images": {"path": "other/{id}.fits"}}, "pairs.sharp says where the images are"),
        ({"pairs": PAIRS, "degrade": {"psf": {"fwhm": ["3px"]}}}, "pairs stand in its place"),
        ({"pairs": {**PAIRS, "blurred_files": {"noise": "WHT"}}}, "where pairs.blurred_files.noise is 'WHT'"),
        ({"networks": {"a": {"architecture": "nafnet", "learns_from": "pairs"}}}, "the study has no pairs"),
    ],
)
def test_what_contradicts_itself_is_refused_in_one_line(values, words):
    with pytest.raises(ConfigError) as error:
        study_from(values)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
