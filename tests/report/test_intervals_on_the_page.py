import numpy as np
import pandas as pd
import pytest
from made_study import make_study

from pipeline.config import study_from
from pipeline.evaluation.calibration import ALL
from pipeline.evaluation.interval_summary import COLUMNS, EVERY, MEANS, RATIOS
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.report.figures.intervals import central_coverage
from pipeline.report.intervals import interval_table, read_intervals
from pipeline.steps.report import report


def write_intervals(path, study, off=0.0):
    """Coverage as it should be, or off by as much in the best seen bin."""
    rows = []
    for condition in [*(c.name for c in study.conditions), EVERY]:
        for method in study.interval_methods:
            for psf in ("as it is", "10% too wide"):
                for bin_ in (*BINS, ALL):
                    where = (condition, method, psf, "pixels", bin_)
                    for statistic in (*MEANS, *RATIOS):
                        level = float(statistic[-2:]) / 100 if "coverage" in statistic else 0.0421
                        value = level + off * (bin_ == "above 30" and "coverage" in statistic)
                        rows.append((*where, statistic, value, value - 0.01, value + 0.01, 1234, 99999))
                    rows += [(*where, f"pit_{k}", 0.05, 0.04, 0.06, 1234, 99999) for k in range(20)]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made"), methods=("degraded", "wiener"), fwhm=("3px",))


def test_the_page_says_whether_intervals_are_honest(made, tmp_path):
    table = write_intervals(tmp_path / "intervals.csv", made.study)
    report(**made.report_arguments(tmp_path) | {"intervals": [table]})
    page = (tmp_path / "report.html").read_text()
    for words in (
        "How far each pixel may be off",
        "In every bin that has pixels the intervals held the truth as often as they say, within 3 points.",
        "S/N 10 to 30",
        "PSF told 10% too wide",
        "68.0%",
        "94.0 to 96.0",
        "1,234",
    ):
        assert words in page
    assert (tmp_path / "figures" / "intervals.svg").stat().st_size > 10_000


def test_a_bin_that_is_off_is_named(made, tmp_path):
    table = read_intervals([write_intervals(tmp_path / "intervals.csv", made.study, off=-0.05)])
    verdict = interval_table(table, made.study).verdict
    assert "Off by more than 3 points: nafnet, faithful, S/N above 30: 63.0% for 68%" in verdict
    assert "S/N 10 to 30" not in verdict


def test_a_condition_that_is_off_alone_is_named_though_all_together_are_not(made, tmp_path):
    values = made.study.model_dump()
    values["degrade"]["psf"]["fwhm"] = ["3px", "4px"]
    study = study_from(values)
    table = read_intervals([write_intervals(tmp_path / "intervals.csv", study)])
    alone = (table["condition"] == study.conditions[1].name) & (table["bin"] == "above 30")
    table.loc[alone & (table["statistic"] == "coverage_68"), "value"] = 0.76
    verdict = interval_table(table, study).verdict
    assert verdict.startswith("Of all conditions together, in every bin that has pixels the intervals held")
    assert "FWHM 4 px, noise σ 0.05, nafnet, faithful, S/N above 30: 76.0% for 68%" in verdict
    assert "FWHM 3 px" not in verdict


def test_coverage_of_every_level_follows_from_the_transform():
    levels, held = central_coverage(np.full(20, 0.05))
    np.testing.assert_allclose(levels, held)
    np.testing.assert_allclose(levels, np.arange(1, 10) / 10)
    # Intervals that are too narrow: the truth comes at the ends.
    assert (central_coverage(np.array([0.2, *[0.6 / 18] * 18, 0.2]))[1] < levels).all()


@pytest.mark.usefixtures("blank_figures")
def test_a_study_without_networks_has_no_section(tmp_path):
    made = make_study(tmp_path / "made", methods=("degraded",), networks=False, fwhm=("3px",))
    report(**made.report_arguments(tmp_path))
    assert 'id="intervals"' not in (tmp_path / "report.html").read_text()
