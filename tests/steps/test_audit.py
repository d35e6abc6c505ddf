"""The audit of a model file, and of a study, as a user meets it."""

import numpy as np
import pandas as pd
import pytest
from made_model import make_fits, make_model, make_sky
from made_restorers import Identity, empty, specimens

from pipeline.audit.examination import examine
from pipeline.audit.maps import maps_of, write_maps
from pipeline.audit.table import COLUMNS, table_of
from pipeline.config import Audit, study_from
from pipeline.splits import Item, rows_for
from pipeline.steps.audit import AuditError, audit
from pipeline.steps.audit_model import ModelAuditError, audit_model
from pipeline.tiling import Window

FEW = {"fields": 20, "fields_with_mistakes": 1, "psf_errors": [0.1], "snr": [10.0], "items": 1, "field_size": 32}
STUDY = study_from({"audit": FEW, "restore": {"data_consistency": False}})


def test_a_study_is_judged_in_tables_and_on_a_page_that_needs_nothing_else(tmp_path):
    pieces = specimens(2)
    findings, restored = examine(Identity(), pieces, empty(), Audit(**FEW))
    table = tmp_path / "fwhm3px_sigma0.05" / "degraded.parquet"
    table.parent.mkdir()
    table_of(findings, table.parent.name, "degraded").to_parquet(table, index=False)
    write_maps(table.with_suffix(".npz"), maps_of(pieces[0], restored[0], 0.5))
    audit([table], [table.with_suffix(".npz")], STUDY, tmp_path / "out")
    assert tuple(pd.read_csv(tmp_path / "out" / "findings.csv").columns) == COLUMNS
    (verdict,) = pd.read_csv(tmp_path / "out" / "verdicts.csv").to_dict("records")
    assert (verdict["method"], verdict["inconsistent"], verdict["invented"]) == ("degraded", True, False)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Degraded image was found inconsistent with the data" in page
    assert "Must not be used" in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_an_audit_of_nothing_is_refused_in_words(tmp_path):
    with pytest.raises(AuditError, match="examine"):
        audit([], [], STUDY, tmp_path)


def test_a_model_alone_is_audited_on_empty_sky(tmp_path):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    audit_model(model, [], STUDY, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "findings.csv")
    assert set(table["part"]) == {"empty_sky"}
    assert not pd.read_csv(tmp_path / "out" / "verdicts.csv")["invented"].any()
    assert "empty sky alone" in (tmp_path / "out" / "report.html").read_text()


def test_a_model_is_audited_on_the_image_that_it_is_to_restore(tmp_path):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    image = make_fits(tmp_path / "sky.fits", make_sky(100, 110))
    audit_model(model, [image], STUDY, tmp_path / "out", noise="0.05")
    table = pd.read_csv(tmp_path / "out" / "findings.csv")
    assert {"consistency", "empty_sky", "injection", "wrong_instrument", "unlike"} == set(table["part"])
    chi2 = table[(table["measure"] == "chi2") & (table["part"] == "consistency")]
    assert np.isfinite(chi2["value"]).all()


def test_another_exposure_stands_in_for_a_truth(tmp_path):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    image, other = (make_fits(tmp_path / f"{n}.fits", make_sky(100, 110, noise=n / 20)) for n in (1, 2))
    audit_model(model, [image], STUDY, tmp_path / "out", noise="0.05", again=[other])
    assert "with that of the other exposure" in (tmp_path / "out" / "report.html").read_text()
    small = make_fits(tmp_path / "small.fits", make_sky(100, 100))
    with pytest.raises(ModelAuditError, match="on the same pixels"):
        audit_model(model, [image], STUDY, tmp_path / "out", noise="0.05", again=[small])
    with pytest.raises(ModelAuditError, match="give the image too"):
        audit_model(model, [], STUDY, tmp_path / "out", again=[other])


def test_half_of_a_study_is_refused(tmp_path):
    model = make_model(tmp_path / "m.safetensors", wild=0)
    with pytest.raises(ModelAuditError, match="go together"):
        audit_model(model, [tmp_path / "images.h5"], STUDY, tmp_path / "out")


def test_each_half_trains_on_its_own_groups_and_keeps_all_other_roles():
    def item(name, role, half):
        return Item(name, name, Window(0, 0, 8, 8), name, 0, role, half)

    rows = [item("a", "train", 0), item("b", "train", 1), item("c", "tune", 1), item("d", "test", 0)]
    assert rows_for(rows, 1) == (rows, 1)
    trained = []
    for name in ("half0", "half1"):
        halved, fold = rows_for(rows, name)
        assert fold == 0
        assert [i.role for i in halved[2:]] == ["tune", "test"]
        trained.append({i.item for i in halved if i.role == "train"})
    assert trained == [{"a"}, {"b"}]
