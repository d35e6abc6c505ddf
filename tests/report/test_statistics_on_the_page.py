import html
import re

import pandas as pd
import pytest
from made_study import make_study

from pipeline.steps.gallery import gallery
from pipeline.steps.rank import rank
from pipeline.steps.report import report
from pipeline.store import read_restored


def reported(study, folder):
    """The page, and its text without markup."""
    arguments = study.report_arguments(folder)
    report(**arguments)
    page = arguments["out"].read_text()
    body = re.sub(r"<(style|script)>.*?</\1>", " ", page, flags=re.S)
    return page, " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def fail(study, folder, item, method, value):
    """Give one item under the first condition another score by one method."""
    condition = study.study.conditions[0].name
    table = pd.read_csv(study.metrics_csv)
    there = (table["item"] == item) & (table["method"] == method) & (table["condition"] == condition)
    table.loc[there, "value"] = value
    table.to_csv(study.metrics_csv, index=False)
    files = sorted(folder.glob("metrics/*/*.parquet"))
    for path in files:
        own = (table["condition"] == path.parent.name) & (table["method"] == path.stem)
        table[own].to_parquet(path, index=False)
    rank(files, study.summary_csv, study.study, study.comparisons_csv, study.ranking_csv)


@pytest.fixture(scope="module")
def galaxies(tmp_path_factory):
    """36 images in three folds, of which `wiener` failed on one; networks with a restart."""
    folder = tmp_path_factory.mktemp("galaxies")
    study = make_study(folder, images=36, size=(40, 40), unit="nanomaggy", methods=("degraded", "wiener"))
    fail(study, folder, "field7", "wiener", 11.11)
    for number, path in enumerate(study.histories):
        table = pd.read_csv(path)
        first = table[table["stage"] == "regression"].assign(start=0, kept=True)
        again = first.assign(start=1, kept=False, validation_psnr=first["validation_psnr"] - (0.2 + 0.01 * number))
        rest = table[table["stage"] == "adversarial"].assign(start=0, kept=True)
        pd.concat([first, again, rest]).to_csv(path, index=False)
    return study, folder, *reported(study, folder / "out")


def test_the_table_gives_gain_intervals_effects_and_corrected_p(galaxies):
    study, _, page, text = galaxies
    asked = pd.read_csv(study.comparisons_csv).query("p_reference == p_reference")
    assert f"all {len(asked)} comparisons with a reference" in text
    assert len(asked) == 2 * 3
    row = asked[asked["method"] == "nafnet_faithful"].iloc[0]
    groups, folds = (f"+{row[f'low_{of}']:.2f} to +{row[f'high_{of}']:.2f}" for of in ("groups", "folds"))
    assert f"nafnet, faithful +{row['gain']:.2f} {groups} {folds} +{row['rank_biserial']:.2f}" in text
    assert "<strong>&lt; 0.001</strong>" in page


def test_the_page_says_what_its_intervals_cover_and_what_not(galaxies):
    text = galaxies[3]
    assert "36 groups in 3 folds" in text
    assert "restored by these very networks" in text
    assert "networks trained and methods tuned anew" in text
    assert "Neither covers another instrument" in text
    assert "no p value can be below" not in text
    assert "whether others trained alike would is open" in text


def test_restarts_are_counted_and_their_scatter_is_given(galaxies):
    # Starts that differ by 0.20, 0.21 and 0.22 dB have standard deviations of that over the root of 2.
    assert "nafnet was begun 2 times in each of 3 folds" in galaxies[3]
    assert "scatter by 0.15 dB" in galaxies[3]


def test_an_outlier_is_named_with_its_numbers_and_linked_to_its_pictures(galaxies):
    _, _, page, text = galaxies
    assert "1 field7 1 FWHM 3 px, noise σ 0.05 below 11.11 dB" in text
    assert '<a href="#outlier-1">field7</a>' in page
    shown = page[page.index('<div id="outlier-1"') :].split('<div id="outlier-')[1]
    names = re.findall(r"<figcaption><b>(.*?)</b>", shown)
    assert names == ["Degraded image", "Wiener", "Truth", "Residual"]
    assert shown.count('src="data:image/jpeg') == 4


def test_the_gallery_keeps_the_outliers_for_the_report(galaxies, tmp_path):
    study, folder, *_ = galaxies
    condition = study.study.conditions[0].name
    restored = [path for path in study.restored if path.parent.name == condition]
    metrics = sorted(folder.glob(f"metrics/{condition}/*.parquet"))
    gallery(study.images, study.splits, restored, metrics, tmp_path / "some")
    gallery(study.images, study.splits, restored, [], tmp_path / "fewer")
    for name in ("wiener.h5", "degraded.h5"):
        with read_restored(tmp_path / "some" / name) as some, read_restored(tmp_path / "fewer" / name) as fewer:
            assert set(fewer.items) < set(some.items)
            assert "field7" in some.items


@pytest.mark.usefixtures("blank_figures")
def test_an_outlier_without_a_picture_says_so(galaxies, tmp_path):
    study, *_ = galaxies
    arguments = study.report_arguments(tmp_path)
    report(**arguments | {"restored": []})
    assert "No picture of it was kept." in arguments["out"].read_text()


@pytest.mark.usefixtures("blank_figures")
def test_few_groups_are_said_to_prove_nothing(tmp_path):
    study = make_study(tmp_path, networks=False, methods=("degraded", "wiener"), fwhm=("3px",))
    text = reported(study, tmp_path / "out")[1]
    assert "With 3 groups no p value can be below 0.25" in text
    assert "both intervals rest on the same 3 numbers" in text


def test_one_method_alone_is_compared_with_none(tmp_path):
    study = make_study(tmp_path, networks=False, methods=("degraded",), fwhm=("3px",))
    assert "There are no two methods with scores to compare." in reported(study, tmp_path / "out")[1]
