"""Scanners in a study: their conditions, and what does not go with them."""

import pytest

from pipeline.config import ConfigError, settings_hash, study_from

CT = {
    "study": "s",
    "degrade": {"ct": {"dose": [0.25, 0.1], "views": [90, 180]}},
    "restore": {"data_consistency": False},
}
NETWORK = {"architecture": "nafnet", "spread": {"steps": 0}}


def ct_study(**changes):
    return study_from({**CT, "networks": {"nafnet": NETWORK}, **changes})


def test_every_dose_with_every_number_of_views_is_a_condition():
    names = [condition.name for condition in ct_study().conditions]
    assert names == ["dose0.25_views90", "dose0.25_views180", "dose0.1_views90", "dose0.1_views180"]


def test_a_condition_of_a_scanner_has_one_value_of_each():
    scan = ct_study().condition("dose0.1_views90").scan
    assert (scan.dose, scan.views) == ([0.1], [90])
    assert scan.in_words == "dose × 0.1, 90 views"


def test_a_study_of_a_scanner_has_the_methods_that_restore_scans():
    assert ct_study().methods == [
        "degraded",
        "regularised_inverse",
        "non_local_means",
        "block_matching",
        "reconstruction",
    ]


def test_the_settings_of_a_scanner_survive_being_written_and_read():
    study = ct_study()
    again = study_from(study.model_dump(mode="json"))
    assert settings_hash(again.model_dump(mode="json")) == settings_hash(study.model_dump(mode="json"))


def test_a_specialist_of_a_scan_has_its_condition_alone():
    each = {"nafnet": NETWORK | {"conditions": "each"}}
    _, seen = ct_study(networks=each).seen_by("nafnet@dose0.1_views90")
    assert [condition.name for condition in seen.conditions] == ["dose0.1_views90"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"methods": ["degraded", "wiener"]}, "methods: wiener does not restore scans"),
        (
            {"restore": {"data_consistency": True}, "degrade": {"mri": {"sigma": [0.1], "motion": {"shots": 2}}}},
            "restore.data_consistency: data of a head that moved contradict the truth itself",
        ),
        ({"audit": {"halves": True}}, "audit.halves: looks for sources that both halves invent"),
        ({"evaluate": {"shapes": True}}, "evaluate.shapes: measures sources of light"),
        ({"degrade": {"ct": {}, "mri": {"sigma": [0.1]}}}, "mri: there is one instrument"),
        ({"degrade": {"ct": {}, "noise": {"sigma": [0.1]}}}, "noise: is not read where a scanner"),
        ({"degrade": {"ct": {"dose": []}}}, "degrade.ct.dose"),
        (
            {"networks": {"nafnet": {"architecture": "nafnet", "adversarial": {"steps": 4, "reblur_weight": 0.1}}}},
            "networks.nafnet.adversarial.reblur_weight: crops of a slice cannot be scanned",
        ),
        ({"degrade": {"mri": {"sigma": [0.1], "sampling": "uniform", "acceleration": [2.5]}}}, "whole numbers"),
    ],
)
def test_what_does_not_go_with_a_scanner_is_refused_in_one_line(changes, words):
    with pytest.raises(ConfigError, match=words) as refused:
        ct_study(**changes)
    assert "\n" not in str(refused.value)


UNROLLED = {"architecture": "unrolled", "spread": {"steps": 0}}


def test_a_cascade_sees_a_few_whole_slices_at_a_step():
    study = ct_study(networks={"unrolled": UNROLLED | {"rounds": 4}})
    assert study.networks["unrolled"].batches == {"regression.batch": 4, "adversarial.batch": 2}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"regression": {"steps": 9, "crop": 32}}, "regression.crop: is not read by unrolled, which sees whole slices"),
        ({"average_orientations": True}, "average_orientations: is not read by unrolled"),
        ({"rounds": 1}, "networks.unrolled.rounds"),
    ],
)
def test_what_a_cascade_does_not_read_is_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        ct_study(networks={"unrolled": UNROLLED | changes})


def test_networks_are_corrected_by_the_data_of_a_scan_unless_told_otherwise():
    assert ct_study(restore={}).restore.data_consistency


def test_a_cascade_is_refused_for_a_blur():
    with pytest.raises(ConfigError, match=r"networks\.unrolled\.architecture: unrolled goes by the data of a scan"):
        study_from({"study": "s", "networks": {"unrolled": UNROLLED}})


def test_methods_of_scans_are_refused_for_a_blur():
    for method in ("block_matching", "reconstruction"):
        with pytest.raises(ConfigError, match=f"{method} does not restore blurs"):
            study_from({"study": "s", "methods": ["degraded", method]})


def test_lesions_are_refused_for_a_blur_and_without_contrast():
    lesion = {"inside": [10, 20]}
    with pytest.raises(ConfigError, match=r"evaluate\.tissue\.lesion: lesions are put into slices"):
        study_from({"study": "s", "evaluate": {"tissue": {"lesion": lesion}}})
    with pytest.raises(ConfigError, match="a lesion that adds 0 is none"):
        ct_study(evaluate={"tissue": {"lesion": lesion | {"contrasts": [20, 0]}}})


def test_a_window_has_its_lower_end_first():
    with pytest.raises(ConfigError, match="the lower end comes first"):
        study_from({"study": "s", "evaluate": {"tissue": {"window": [80, 0]}}})
