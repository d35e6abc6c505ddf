"""Catalogues, comparison and page of synthetic fields, as a user meets them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from made_sky import drawn_sky
from made_synthetic_field import make_field_study, write_field

from pipeline.evaluation.field import (
    block_means,
    chequerboard,
    counts_in_cells,
    number_counts,
    repeats,
    sky_network,
    split_ratio,
)
from pipeline.evaluation.field import traces as traces_module
from pipeline.evaluation.field.sky_blocks import SkyError
from pipeline.report.field_words import PARTS
from pipeline.steps.catalogue import CatalogueError, catalogue, read_catalogue
from pipeline.steps.compare import CompareError, compare
from pipeline.steps.field_report import field_report
from pipeline.steps.synthetic_field import FieldError
from pipeline.steps.traces import traces
from pipeline.store import StoreError

FEW = {
    (split_ratio, "RESAMPLINGS"): 6, (split_ratio, "FEWER_SPLITS"): 2, (split_ratio, "SPLITS"): 8,
    (block_means, "RESAMPLINGS"): 40, (counts_in_cells, "RESAMPLINGS"): 40, (number_counts, "RESAMPLINGS"): 40,
    (chequerboard, "PERMUTATIONS"): 199, (repeats, "SHUFFLES"): 9, (sky_network, "STEPS"): 10,
    (sky_network, "FEWEST"): 40, (traces_module, "NULLS"): 19, (traces_module, "RESAMPLINGS"): 20,
}  # fmt: skip


def look_for_traces(made, folder):
    traces(made.images, made.splits, made.fields, made.study, folder / "traces.csv", folder / "benchmark.h5")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    sky = drawn_sky(5, (256, 256))
    pattern = np.tile(np.random.default_rng(0).normal(size=(4, 4)), (64, 64)).astype(np.float32)
    study = make_field_study(folder, {"good": sky, "latticed": drawn_sky(6, (256, 256), width=2.2) + pattern})
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), value in FEW.items():
            patch.setattr(module, name, value)
        compare(
            study.images, study.splits, study.sky, study.fields, study.catalogues, study.study,
            folder / "compare.csv", folder / "curves.csv", folder / "nearest.csv",
        )  # fmt: skip
        look_for_traces(study, folder)
    return study


@pytest.fixture(scope="module")
def findings(made):
    return pd.read_csv(made.images.with_name("compare.csv"))


@pytest.fixture(scope="module")
def page(made):
    folder = made.images.parent
    field_report(
        made.images, made.splits, made.sky, made.fields, made.catalogues,
        [folder / f"{name}.csv" for name in ("compare", "curves", "nearest", "traces")], made.study,
        folder / "report.html", folder / "figures", [folder / "good" / "field.html"],
    )  # fmt: skip
    return (folder / "report.html").read_text()


def of(findings, generator, part, quantity):
    (row,) = findings.query("generator == @generator and part == @part and quantity == @quantity").to_dict("records")
    return row


def test_the_catalogue_of_the_real_sky_is_that_of_both_roles_of_the_first_fold(made):
    table, settings = read_catalogue(made.sky)
    assert set(table["role"]) == {"test", "train"}
    assert table[table["role"] == "test"]["x"].max() < 240
    assert settings["radius"] == 3.0
    assert settings == read_catalogue(made.catalogues[0])[1]


def test_every_part_is_in_the_table_for_every_generator(findings):
    for generator in ("good", "latticed"):
        assert set(findings[findings["generator"] == generator]["part"]) == set(PARTS) - {"traces"}
    known = findings["value"].notna() & findings["perfect"].notna()
    assert (findings.loc[known, "perfect_low"] <= findings.loc[known, "perfect_high"]).all()


def test_a_sky_of_the_same_kind_is_near_and_another_is_not(findings):
    good, bad = (of(findings, name, "catalogue", "half_light_radius") for name in ("good", "latticed"))
    assert good["value"] < 2 < bad["value"]
    assert of(findings, "latticed", "chequerboard", "period_4px")["p_value"] < 0.01
    boards = findings[(findings["generator"] == "good") & (findings["part"] == "chequerboard")]
    assert boards["p_value"].min() > 0.01


def test_the_page_is_complete_in_itself_and_names_what_was_found(page):
    assert "http" not in page.replace("http://www.w3.org", "")
    assert re.search(r"A chequerboard was found, at periods of [0-9, ]*\b4\b[0-9, ]* px", page)
    assert "No chequerboard found" in page
    assert "have no correlation, whatever its generator has learned" in page
    assert len(re.findall(r"a classifier tells \d+% of patches right, real or synthetic", page)) == 2


def test_the_page_leads_to_those_in_which_whole_fields_are_looked_about(page):
    assert re.findall(r'<a href="([^#"]*)">(\w+)</a>', page) == [("good/field.html", "good")]


def test_the_quiz_is_half_real_and_tells_nothing_before_its_key(page):
    quiz, key = page[page.index('id="quiz"') : page.index('id="key"')], page[page.index('id="key"') :]
    answers = re.findall(r"\d+: (\w+)", key)
    assert answers.count("real") == 8
    assert len(answers) == len(re.findall(r"<img", quiz)) == 16
    assert "good" not in quiz
    assert "latticed" not in quiz


def test_a_sky_without_sources_is_far_off_in_what_can_be_said_of_it(tmp_path):
    blank = np.random.default_rng(0).normal(size=(2, 256, 256)).astype(np.float32)
    made = make_field_study(tmp_path, {"blank": blank})
    tables = [tmp_path / name for name in ("compare.csv", "curves.csv", "nearest.csv")]
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), value in FEW.items():
            patch.setattr(module, name, value)
        compare(made.images, made.splits, made.sky, made.fields, made.catalogues, made.study, *tables)
        look_for_traces(made, tmp_path)
    findings = pd.read_csv(tables[0])
    assert of(findings, "blank", "number_counts", "density")["value"] == 0
    assert np.isnan(of(findings, "blank", "catalogue", "median")["value"])
    field_report(
        made.images, made.splits, made.sky, made.fields, made.catalogues, [*tables, tmp_path / "traces.csv"],
        made.study, tmp_path / "r.html", tmp_path / "figures",
    )  # fmt: skip
    assert "blank: it has too few sources" in (tmp_path / "r.html").read_text()


def test_a_field_too_small_is_refused_in_words(made, tmp_path):
    field = write_field(tmp_path / "small" / "field.h5", drawn_sky(1, (70, 70)))
    path = field.with_name("catalogue.parquet")
    catalogue(made.images, made.splits, field, made.study, path)
    tables = [tmp_path / name for name in ("compare.csv", "curves.csv", "nearest.csv")]
    with pytest.raises(SkyError, match="paint a larger one"):
        compare(made.images, made.splits, made.sky, [field], [path], made.study, *tables)


def test_a_page_without_its_tables_is_refused_in_words(made, tmp_path):
    with pytest.raises(StoreError, match=r"nearest\.csv"):
        field_report(
            made.images, made.splits, made.sky, made.fields, made.catalogues,
            [made.images.with_name(name) for name in ("compare.csv", "curves.csv")], made.study, tmp_path / "r.html",
            tmp_path / "figures",
        )  # fmt: skip


def test_a_field_in_other_bands_or_another_unit_is_refused_in_words(made, tmp_path):
    for about, says in ({"bands": ["u", "v"]}, "has the bands u, v"), ({"unit": "Jy"}, "is in Jy"):
        path = write_field(tmp_path / "new" / "field.h5", drawn_sky(1, (64, 64)), **about)
        with pytest.raises(FieldError, match=says):
            catalogue(made.images, made.splits, path, made.study, tmp_path / "catalogue.parquet")


def test_what_is_missing_or_was_made_otherwise_is_refused_in_words(made, tmp_path):
    outs = tuple(tmp_path / name for name in ("compare.csv", "curves.csv", "nearest.csv"))
    given = made.images, made.splits, made.sky
    with pytest.raises(CompareError, match="no field is given"):
        compare(*given, [], [], made.study, *outs)
    with pytest.raises(CompareError, match="no catalogue"):
        compare(*given, made.fields, [], made.study, *outs)
    with pytest.raises(StoreError, match="the step `catalogue` writes it"):
        read_catalogue(tmp_path / "none.parquet")
    other = made.study.model_copy(update={"evaluate": made.study.evaluate.model_copy(update={"detection": 9.0})})
    path = tmp_path / made.fields[0].parent.name / "catalogue.parquet"
    catalogue(made.images, made.splits, made.fields[0], other, path)
    with pytest.raises(CatalogueError, match="threshold"):
        compare(*given, made.fields[:1], [path], made.study, *outs)
    path.write_text(json.dumps("no table"))
    with pytest.raises(StoreError, match="no catalogue of ours"):
        read_catalogue(path)
