import html
import re

import pandas as pd
import pytest
from made_study import QUALITY, make_study

from pipeline.config import study_from
from pipeline.evaluation.source_measures import source_measure
from pipeline.report.figures import figure_files
from pipeline.report.sources import read_sources, source_table
from pipeline.steps.report import report


def reported(folder, **made):
    study = make_study(folder, shapes=True, **made)
    arguments = study.report_arguments(folder / "out")
    report(**arguments)
    body = re.sub(r"<(style|script)>.*?</\1>", " ", arguments["out"].read_text(), flags=re.S)
    return study, " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def flux(tmp_path_factory):
    return reported(tmp_path_factory.mktemp("flux"), unit="nanomaggy")


def test_the_table_compares_every_method_where_sources_are_seen_at_10_to_30_sigmas(flux):
    study, _ = flux
    table = source_table(read_sources(study.sources), study.study)
    assert len(table.rows) == 2 * len(study.study.all_methods)
    headings = [column.heading for column in table.columns]
    assert headings[:4] == [
        "Flux, 2 FWHM bias",
        "Flux, 2 FWHM scatter",
        "Colour, 2 FWHM bias",
        "Colour, 2 FWHM scatter",
    ]
    wiener = next(row for row in table.rows if row.method == "Wiener")
    expected = 0.01 * (30 - QUALITY["wiener"]) * 2
    assert wiener.cells[0].text == f"−{expected:.3f}"
    assert wiener.cells[0].interval == f"−{expected + 0.01:.3f} to −{expected - 0.01:.3f}"
    assert wiener.flagged == "4 of 44"


def test_the_page_has_the_table_the_figure_and_what_each_measure_means(flux):
    study, text = flux
    assert "Sources, measured as an astronomer would" in text
    assert "S/N 10 to 30" in text
    for name in ("flux_2fwhm", "half_light_radius", "shear", "completeness"):
        assert source_measure(name).definition in text
    assert "sources.svg" in figure_files(study.study)


@pytest.mark.usefixtures("blank_figures")
def test_display_units_are_called_so_and_have_no_colours(tmp_path):
    _, text = reported(tmp_path, networks=False, methods=("degraded", "wiener"), fwhm=("3px",))
    assert "Aperture sum, 2 FWHM bias" in text
    assert "sums in apertures are no fluxes" in text
    assert "Colour, 2 FWHM" not in text
    assert "Flux, 2 FWHM" not in text


def test_a_study_without_a_source_says_so(tmp_path):
    made = make_study(tmp_path, shapes=True, networks=False, methods=("degraded",), fwhm=("3px",))
    pd.read_csv(made.sources[0]).head(0).to_csv(made.sources[0], index=False)
    arguments = made.report_arguments(tmp_path / "out")
    report(**arguments)
    assert "No source of the truth could be measured." in arguments["out"].read_text()


@pytest.mark.usefixtures("blank_figures")
def test_a_study_that_asks_for_no_shapes_has_no_section_of_them(tmp_path):
    made = make_study(tmp_path, networks=False, methods=("degraded",), fwhm=("3px",))
    arguments = made.report_arguments(tmp_path / "out")
    report(**arguments)
    assert 'id="sources"' not in arguments["out"].read_text()
    assert "sources.svg" not in figure_files(made.study)


def test_the_page_gives_r_squared_over_folds(flux):
    _, text = flux
    # 0.9 minus a hundredth per dB that Wiener falls short of 30, and 0.02 less from fold to fold.
    mean = 0.9 - 0.01 * (30 - QUALITY["wiener"]) - 0.02
    assert f"Wiener {mean:.3f} {mean - 0.02:.3f} to {mean + 0.02:.3f} 40 of 44" in text


@pytest.mark.usefixtures("blank_figures")
def test_a_truth_without_noise_is_said_to_have_none_and_sets_no_ceiling(tmp_path):
    made = make_study(tmp_path, unit="nanomaggy", networks=False, methods=("degraded", "wiener"), fwhm=("3px",))
    arguments = made.report_arguments(tmp_path / "out")
    values = made.study.model_dump(mode="json", exclude_none=True)
    noisy, free = (
        study_from(values | {"images": {"dataset": "simulated_survey", "survey": {"truth": truth}}})
        for truth in ("exposure", "noise_free")
    )
    pages = []
    for study in (noisy, free):
        report(**arguments | {"study": study})
        pages.append(arguments["out"].read_text())
    assert "The truth’s spectrum holds its own noise." in pages[0]
    assert "= <strong>" in pages[0]
    assert "The truth is free of noise." in pages[1]
    assert "holds its own noise" not in pages[1]
    assert "drawn, without noise, so it sets no ceiling" in pages[1]
