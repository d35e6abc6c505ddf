import pytest

from pipeline.config import study_from
from pipeline.step_settings import settings_for, threads_for

CONDITION = "fwhm3px_sigma0.05"
JOBS = {
    "ingest": {},
    "split": {},
    "degrade": {"condition": CONDITION},
    "tune": {"condition": CONDITION, "method": "wiener"},
    "train": {"network": "nafnet", "fold": "fold0"},
    "restore": {"condition": CONDITION, "method": "wiener"},
    "restore by network": {"condition": CONDITION, "network": "nafnet", "output": "sharp"},
    "evaluate": {"condition": CONDITION, "method": "wiener"},
    "measure": {"condition": CONDITION},
    "tally": {},
    "calibrate": {"network": "nafnet"},
    "gauge": {"condition": CONDITION},
    "collect": {},
    "discern": {"condition": CONDITION},
    "gallery": {"condition": CONDITION},
    "summarise": {},
    "rank": {},
    "report": {},
    "publish": {"network": "nafnet", "output": "sharp"},
}
ALWAYS = {"report", "publish"}
PIX2PIX = {"nafnet": {"architecture": "nafnet"}, "pix2pix": {"architecture": "pix2pix", "steps": 10}}


def needed(values):
    study = study_from(values)
    return {job: settings_for(study, job.split()[0], study="hubble", **which) for job, which in JOBS.items()}


def concerned(values, before=None):
    """Jobs that an edit makes run again, those that show the whole study left out."""
    first, then = needed(before or {}), needed(values)
    return {job for job in JOBS if first[job] != then[job]} - ALWAYS


FOLDER = {"dataset": "folder", "path": "{id}.fits"}


def test_a_survey_is_drawn_again_for_another_seed_and_not_for_another_truth():
    made, other, exposed = (
        study_from({"images": {"dataset": "simulated_survey", "survey": {"truth": truth}}, "seed": seed})
        for truth, seed in (("noise_free", 0), ("noise_free", 1), ("exposure", 0))
    )
    simulated, ingested = ([settings_for(s, step) for s in (made, other, exposed)] for step in ("simulate", "ingest"))
    assert simulated[0] == simulated[2] != simulated[1]
    assert ingested[0] != ingested[1]
    assert ingested[0] != ingested[2]


def test_whether_photons_are_counted_concerns_ingest_and_how_many_does_not():
    white, photons, more = (
        {"images": FOLDER, "degrade": {"psf": {"fwhm": ["3px"]}, "noise": noise, "names": [CONDITION]}}
        for noise in ({"sigma": [1]}, {"kind": "poisson", "gain": [1]}, {"kind": "poisson", "gain": [2]})
    )
    assert "ingest" in concerned(photons, white)
    assert "ingest" not in concerned(more, photons)


@pytest.mark.parametrize(
    ("values", "jobs"),
    [
        ({"images": {"smallest": 32}}, {"ingest"}),
        ({"split": {"tune": 0.2}}, {"split"}),
        ({"split": {"folds": 4}}, {"split", "degrade"}),
        (
            {"seed": 1},
            {"split", "degrade", "tune", "train", "measure", "tally", "collect", "discern", "summarise", "rank"},
        ),
        ({"threads": 4}, {"train", "restore by network"}),
        ({"train": {"ema": 0.9}}, {"train"}),
        ({"train": {"devices": 2}}, {"train"}),
        ({"train": {"psf_error": 0.05}}, {"train"}),
        ({"train": {"first_estimate": {"iterations": 0}}}, {"train"}),
        ({"train": {"precision": "bf16", "compile": True}}, {"train"}),
        ({"train": {"softening": 2}}, {"tune", "train", "evaluate"}),
        ({"networks": {"nafnet": {"architecture": "nafnet", "width": 8}}}, {"train"}),
        ({"evaluate": {"apertures": [4]}}, {"evaluate", "measure"}),
        ({"evaluate": {"detection": 4}}, {"evaluate", "measure"}),
        ({"evaluate": {"shapes": True}}, {"calibrate", "gauge"}),
        ({"evaluate": {"bootstrap": 500}}, {"summarise", "rank"}),
        ({"evaluate": {"classifiers": False}}, set()),
        ({"degrade": {"defects": {"cosmic_rays": 100}}}, {"degrade", "tune", "train", "evaluate", "measure"}),
        ({"restore": {"tile": 256}}, set()),
        ({"methods": ["degraded", "wiener"]}, set()),
        ({"publish": {"final": "fold0"}}, set()),
        ({"keep": ["degraded"]}, set()),
    ],
)
def test_an_edit_concerns_the_steps_that_use_it_and_no_others(values, jobs):
    assert concerned(values) == jobs


def test_another_condition_concerns_training_and_the_guard_of_the_split_but_no_other_condition():
    assert concerned({"degrade": {"psf": {"fwhm": ["3px", "4px", "5px"]}}}) == {"split", "train"}


@pytest.mark.parametrize(
    ("widths", "jobs"),
    [(["3px", "2px", "4px"], {"train"}), (["4px", "3px"], {"train"}), (["3px", "0.5as", "4px"], {"split", "train"})],
)
def test_a_narrower_condition_changes_no_guard(widths, jobs):
    assert concerned({"degrade": {"psf": {"fwhm": widths}}}) == jobs


def test_the_folds_concern_a_background_that_is_measured_in_their_bands_of_sky():
    before = {"images": {"background": "mesh"}}
    assert concerned(before | {"split": {"folds": 4}}, before) == {"ingest", "split", "degrade"}


def test_another_network_concerns_no_other():
    assert concerned({"networks": PIX2PIX}) == set()


def test_the_report_and_the_card_show_every_setting():
    whole = needed({})
    for edit in ({"restore": {"tile": 256}}, {"evaluate": {"bootstrap": 500}}):
        assert all(needed(edit)[job] != whole[job] for job in ALWAYS)


def test_an_edit_of_the_audit_concerns_the_audit_alone():
    def examined(values):
        return settings_for(study_from(values), "examine", condition=CONDITION, method="wiener")

    assert needed({"audit": {"fields": 100}}) == needed({})
    assert examined({"audit": {"fields": 100}}) != examined({})
    assert examined({"audit": {"halves": True, "methods": ["wiener"]}}) == examined({})


def test_settings_are_plain_values():
    for settings in needed({}).values():
        for value in settings.values():
            assert isinstance(value, str | int | float | bool | list), value


def test_networks_use_the_threads_of_the_study_and_all_else_one():
    study = study_from({"threads": 3})
    threads = [threads_for(study, *job) for job in (("train",), ("restore", "nafnet_sharp"), ("restore", "wiener"))]
    assert threads == [3, 3, 1]


def of_specialist(condition, **degrade):
    study = study_from({"degrade": degrade, "networks": {"nafnet": {"architecture": "nafnet", "conditions": "each"}}})
    return settings_for(study, "train", network=f"nafnet@{condition}")


@pytest.mark.parametrize(
    "more",
    [
        {"psf": {"fwhm": ["3px", "5px"]}, "noise": {"sigma": [0.05]}},
        {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.1, 0.05]}},
    ],
)
def test_another_condition_concerns_no_specialist_of_the_others(more):
    before = of_specialist(CONDITION, psf={"fwhm": ["3px"]}, noise={"sigma": [0.05]})
    assert of_specialist(CONDITION, **more) == before
    assert before["degrade.psf.fwhm"] == ["3px"]
    assert before["degrade.noise.sigma"] == [0.05]


def test_what_a_specialist_is_trained_for_concerns_it():
    one, other = (
        of_specialist("cell", psf={"fwhm": [width]}, noise={"sigma": [0.05]}, names=["cell"])
        for width in ("3px", "4px")
    )
    assert one != other


def test_a_generator_is_trained_again_for_its_own_settings_and_painted_again_for_those_of_the_field():
    def settings(**sections):
        study = study_from(sections)
        steps = ("train_field", "generate", "report")
        return {step: settings_for(study, step, generator="sgan") for step in steps}

    plain = settings()
    assert settings(fields={"sgan": {"generator": "sgan"}}) == plain
    other = settings(fields={"sgan": {"generator": "sgan", "steps": 9}, "more": {"generator": "xdf_gan"}})
    assert {step for step in plain if other[step] != plain[step]} == {"train_field"}
    assert {step for step in plain if settings(field={"seed": 8})[step] != plain[step]} == {"generate"}
    assert {step for step in plain if settings(audit={"items": 2})[step] != plain[step]} == set()
    assert settings(train={"softening": 5})["train_field"] != plain["train_field"]
    assert settings(train={"psf_error": 0.1})["train_field"] == plain["train_field"]


def test_an_edit_of_a_translation_concerns_its_own_jobs_and_the_study_as_a_whole_nothing_of_it():
    def study(noise=0.02, lesions=1.0, **sections):
        heads = {"dataset": "head_phantom", "phantom": {"modality": "t1", "lesions": lesions}}
        networks = {"one": {"architecture": "cyclegan", "noise": noise}, "other": {"architecture": "cyclegan"}}
        return study_from({"study": "x", "translate": {"into": heads, "networks": networks}, **sections})

    def jobs(study):
        steps = {
            "one": ("train_translation", {"translator": "one"}),
            "other": ("train_translation", {"translator": "other"}),
            "into": ("ingest_domain", {"domain": "into"}),
            "judge": ("judge_translation", {}),
        }
        found = {name: settings_for(study, step, **which) for name, (step, which) in steps.items()}
        return found | {step: settings_for(study, step) for step in ("ingest", "split", "report")}

    def concerned(after):
        first, then = jobs(study()), jobs(after)
        return {name for name in first if first[name] != then[name]}

    assert concerned(study(noise=0.05)) == {"one"}
    assert concerned(study(lesions=0.5)) == {"into"}
    assert concerned(study(split={"folds": 4})) == {"into", "split", "report"}
