import html
import re

import pandas as pd
import pytest
from made_study import make_study

from pipeline.config import Defects
from pipeline.evaluation.metrics import metric
from pipeline.steps.report import report


def page_of(folder, **made):
    study = make_study(folder, **made)
    arguments = study.report_arguments(folder / "out")
    report(**arguments)
    return study, arguments["out"].read_text()


def text_of(page):
    body = re.sub(r"<(style|script)>.*?</\1>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def win(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("win"), gain=(1.8, 2.04))


def test_the_page_begins_with_the_verdict_its_intervals_and_its_reach(win):
    text = text_of(win[1])
    assert "beats the best classical method in both conditions, by 1.80 and 2.04 dB" in text
    assert "+2.04 dB FWHM 4 px, noise σ 0.05 95% interval +1.74 to +2.34 dB against Total variation" in text
    assert text.index("holds for this field") < text.index("How this was judged")


@pytest.mark.usefixtures("blank_figures")
@pytest.mark.parametrize(("gain", "says"), [(-0.6, "falls behind the best classical method"), (0.1, "cannot be told")])
def test_a_page_without_a_win_claims_none(tmp_path, gain, says):
    text = text_of(page_of(tmp_path, gain=gain, fwhm=("3px",))[1])
    assert says in text
    assert "beats the best classical" not in text


def test_the_page_refers_to_nothing_outside_itself(win):
    page = win[1]
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    targets = re.findall(r"""(?:src|href|srcset|action|data)\s*=\s*["']?([^"'\s>]+)""", markup)
    assert "http" not in page[page.index("<script>") :]
    assert targets
    assert all(target.startswith(("#", "data:image/")) for target in targets)
    assert "url(" not in page
    assert "@import" not in page
    assert len(page) < 12_000_000


def test_links_within_the_page_lead_somewhere(win):
    ids = set(re.findall(r'id="([^"]+)"', win[1]))
    assert set(re.findall(r'href="#([^"]+)"', win[1])) <= ids


def test_every_metric_of_the_tables_is_defined_with_unit_and_direction(win):
    study, page = win
    text = text_of(page)
    for name in pd.read_csv(study.summary_csv)["metric"].unique():
        assert metric(name).definition in text
        assert f"{name} " in text
    assert page.count("is better") + page.count("is best") >= 9


def test_the_best_of_each_column_is_marked_and_networks_stand_apart(win):
    page = win[1]
    table = page[page.index("<table>") : page.index("</table>")]
    classical, networks = re.findall(r"<tbody.*?</tbody>", table, flags=re.S)
    assert "nafnet" not in classical
    assert "Total variation" not in networks
    assert '<td class="best" title="95% interval 30.50 to 31.10"><span>30.80</span>' in networks
    assert "reference" in classical


def test_the_gallery_holds_every_method_its_residual_and_a_slider_for_the_keyboard(win):
    study, page = win
    viewer = page[page.index('<div class="viewer">') :].split('<div class="viewer">')[1]
    methods = len(study.study.all_methods)
    assert viewer.count('class="image"') == methods + 1
    assert viewer.count('class="residual"') == methods
    assert '<input type="range"' in viewer
    assert "aria-label" in viewer


def test_the_ceiling_of_the_truths_noise_is_ten_log_of_range_over_sigma_squared(win):
    assert "= 34.0 dB" in text_of(win[1])  # range 1, sky sigma 0.02: 20 log10(50)


def test_settings_seed_times_and_versions_are_on_the_page(win):
    text = text_of(win[1])
    assert "weight 0.0123, iterations 30" in text
    assert "0.123456" not in text
    assert "fwhm: - 3px - 4px" in text
    assert "numpy" in text
    assert "nafnet final, for publication 800 4 min 00 s" in text


def test_classifiers_stand_beside_their_null_in_plain_words(win):
    text = text_of(win[1])
    assert "Can restored images be told from real ones?" in text
    assert "FWHM 3 px, noise σ 0.05 nafnet, sharp 0.880 0.900" in text
    assert "Real against real 0.499 95% of 80 within 0.481 to 0.518 0.500 mean of 4" in text
    assert "0.5 cannot be told from real" in text
    assert "Told apart is the share" in text


@pytest.mark.usefixtures("blank_figures")
def test_a_study_too_small_for_classifiers_says_so(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    arguments = made.report_arguments(tmp_path / "out") | {"discerned": []}
    report(**arguments)
    assert "too few or too small for one to learn" in text_of(arguments["out"].read_text())


def test_names_of_files_are_text_and_never_markup(tmp_path):
    page = page_of(tmp_path, name='<img src="x" onerror="alert(1)">&\'', fwhm=("3px",))[1]
    assert '<img src="x"' not in page
    assert "&lt;img src=&#34;x&#34;" in page


def test_of_five_bands_three_are_shown(tmp_path):
    text = text_of(page_of(tmp_path, bands=("u", "g", "r", "i", "z"), unit="electron/s", fwhm=("3px",))[1])
    assert "with z, r and u as red, green and blue" in text
    assert "Flux bias, 3 px" in text


def test_a_study_of_one_band_without_networks_has_a_page(tmp_path):
    made = {"bands": ("F814W",), "networks": False, "methods": ("degraded", "wiener"), "fwhm": ("3px",)}
    text = text_of(page_of(tmp_path, **made)[1])
    assert "No network was trained" in text
    assert "Networks stand below" not in text
    assert "in F814W alone" in text


def test_many_images_and_spaces_have_a_page(tmp_path):
    text = text_of(page_of(tmp_path, images=6, size=(60, 60), unit="nanomaggy", spaces=("asinh", "linear"))[1])
    assert "6 images in 6 groups were dealt to 3 folds" in text
    assert text.index("PSNR, asinh") < text.index("PSNR, linear")
    assert "p values" in text


@pytest.mark.usefixtures("blank_figures")
def test_what_the_detector_lost_is_said_and_scored_in_columns_of_its_own(tmp_path):
    made = make_study(tmp_path)
    degrade = made.study.degrade.model_copy(update={"defects": Defects(cosmic_rays=2000, bad_columns=0.01)})
    made.study = made.study.model_copy(update={"degrade": degrade})
    summary = pd.read_csv(made.summary_csv)
    psnr = summary[summary["metric"] == "psnr"]
    apart = [psnr.assign(metric=name, median=psnr["median"] - 7) for name in ("psnr_damaged", "psnr_intact")]
    pd.concat([summary, *apart]).to_csv(made.summary_csv, index=False)
    arguments = made.report_arguments(tmp_path / "out")
    report(**arguments)
    text = text_of(arguments["out"].read_text())
    assert "lost pixels too: 2000 cosmic rays per megapixel (2 x 1.5 px), 1% bad columns." in text
    assert "PSNR, damaged pixels dB ↑ PSNR, intact pixels dB ↑" in text
    assert "lost pixels too" not in text_of(page_of(tmp_path, networks=False)[1])
