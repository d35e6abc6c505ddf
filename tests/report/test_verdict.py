import pandas as pd
import pytest
from made_study import make_study

from pipeline.report.verdict import verdict


def verdict_of(folder, **made):
    study = make_study(folder, **{"size": (60, 60)} | made)
    return verdict(pd.read_csv(study.summary_csv), study.study)


def test_a_network_that_leads_everywhere_wins_by_what_the_summary_says(tmp_path):
    found = verdict_of(tmp_path, gain=(1.8, 2.04))
    assert found.outcome == "win"
    assert found.network == "nafnet_faithful"
    assert found.headline.endswith("beats the best classical method in both conditions, by 1.80 and 2.04 dB in PSNR.")
    assert [(round(c.low, 2), round(c.high, 2)) for c in found.comparisons] == [(1.5, 2.1), (1.74, 2.34)]


def test_a_network_that_trails_is_said_to_trail(tmp_path):
    found = verdict_of(tmp_path, gain=(-0.5, -1.25))
    assert found.outcome == "loss"
    assert found.headline.endswith(
        "falls behind the best classical method in both conditions, by 0.50 and 1.25 dB in PSNR."
    )
    assert "beats" not in found.headline


def test_intervals_that_hold_zero_decide_nothing(tmp_path):
    found = verdict_of(tmp_path, gain=(0.1, -0.05))
    assert found.outcome == "undecided"
    assert "cannot be told" in found.headline
    assert "+0.10 and −0.05 dB" in found.headline


def test_conditions_that_differ_are_counted(tmp_path):
    found = verdict_of(tmp_path, gain=(1.0, 0.0, -1.0), fwhm=("2px", "3px", "4px"))
    assert found.outcome == "mixed"
    assert "is ahead in 1, cannot be told apart in 1 and falls behind in 1 of 3 conditions" in found.headline


def test_many_conditions_are_given_as_a_range(tmp_path):
    widths = tuple(f"{w}px" for w in (2, 3, 4, 5, 6))
    found = verdict_of(tmp_path, gain=(0.9, 1.0, 1.1, 1.2, 2.5), fwhm=widths)
    assert "in all 5 conditions, by 0.90 to 2.50 dB" in found.headline
    assert "FWHM 2 px, noise σ 0.05 (+0.90 dB against Total variation, 95% interval +0.60 to +1.20 dB)" in found.detail


def test_the_network_that_is_best_on_average_is_the_one_compared(tmp_path):
    study = make_study(tmp_path)
    summary = pd.read_csv(study.summary_csv)
    sharp = (summary["method"] == "nafnet_sharp") & (summary["metric"] == "psnr")
    summary.loc[sharp, ["difference", "difference_low", "difference_high"]] += 5
    found = verdict(summary, study.study)
    assert found.network == "nafnet_sharp"
    assert "Of 2 outputs of networks this one is the best by these very scores" in found.detail


def test_without_a_network_the_best_classical_method_is_named(tmp_path):
    found = verdict_of(tmp_path, networks=False, methods=("degraded", "wiener"), fwhm=("3px",))
    assert found.outcome == "none"
    assert "Wiener, 26.60 dB" in found.detail


@pytest.mark.parametrize(("images", "says"), [(1, "holds for this field"), (6, "other images")])
def test_how_far_the_verdict_reaches_depends_on_what_was_judged(tmp_path, images, says):
    assert says in verdict_of(tmp_path, images=images, size=(60, 60)).reach


def test_the_image_that_the_defaults_were_chosen_on_is_named_as_such(tmp_path):
    study = make_study(tmp_path, images=1, size=(60, 60))
    assert "chosen with this very image" in verdict(pd.read_csv(study.summary_csv), study.study).reach
    other = study.study.images.model_copy(update={"dataset": "folder", "path": "{id}.fits"})
    elsewhere = study.study.model_copy(update={"images": other})
    assert "chosen with this very image" not in verdict(pd.read_csv(study.summary_csv), elsewhere).reach
