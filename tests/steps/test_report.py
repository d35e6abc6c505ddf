import json
from dataclasses import replace

import pandas as pd
import pytest
from made_study import make_study

from pipeline.report.figures import figure_files
from pipeline.steps.report import report


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"), fwhm=("3px",))


@pytest.fixture(scope="module")
def reported(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reported")
    report(**made.report_arguments(folder))
    return folder


def test_it_writes_the_figures_that_it_names_and_nothing_else(made, reported):
    assert sorted(p.name for p in (reported / "figures").iterdir()) == sorted(figure_files(made.study))
    assert sorted(p.name for p in reported.iterdir()) == ["figures", "provenance.json", "report.html"]


def test_the_same_results_give_the_same_figures(made, reported, tmp_path):
    report(**made.report_arguments(tmp_path))
    for name in figure_files(made.study):
        assert (tmp_path / "figures" / name).read_bytes() == (reported / "figures" / name).read_bytes()


def test_provenance_holds_seed_versions_and_every_setting(made, reported):
    found = json.loads((reported / "provenance.json").read_text())
    assert found["seed"] == made.study.seed
    assert found["study"]["degrade"]["psf"]["fwhm"] == ["3px"]
    assert {"torch", "numpy"} <= set(found["packages"])
    assert [row["steps"] for row in found["training"]] == ["800"] * 4


def test_methods_that_were_not_restored_or_scored_are_left_out(made, tmp_path):
    fewer = replace(
        made,
        restored=[p for p in made.restored if p.stem in ("degraded", "wiener")],
        tuned=[],
        histories=[],
        discerned=[],
    )
    for name in ("metrics_csv", "summary_csv", "comparisons_csv", "ranking_csv"):
        setattr(fewer, name, tmp_path / getattr(made, name).name)
        table = pd.read_csv(getattr(made, name))
        table[table["method"] != "nafnet_sharp"].to_csv(getattr(fewer, name), index=False)
    report(**fewer.report_arguments(tmp_path / "out"))
    page = (tmp_path / "out/report.html").read_text()
    assert "nafnet, sharp" not in page
    assert page.count('class="residual"') == 2 * 2
