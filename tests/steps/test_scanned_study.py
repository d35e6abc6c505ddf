"""A study of a scanner, step by step, from slices to scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of, write_each, write_slices
from made_training import NAFNET

from pipeline.config.audit import Audit
from pipeline.config.restore import Restore
from pipeline.measures.discrepancy import discrepancy
from pipeline.observation import read_observations
from pipeline.restorers.least_change import CONTRADICTED
from pipeline.steps.audit import audit
from pipeline.steps.audit_model import ModelAuditError, audit_model
from pipeline.steps.calibrate import calibrate
from pipeline.steps.degrade import degrade
from pipeline.steps.detect import detect
from pipeline.steps.evaluate import evaluate
from pipeline.steps.examine import examine
from pipeline.steps.gauge import gauge
from pipeline.steps.implant import ImplantError, implant
from pipeline.steps.restore import restore
from pipeline.steps.split import SplitError, split
from pipeline.steps.train import train
from pipeline.steps.tune import tune
from pipeline.store import read_images, read_restored

FEW = {"regression": {"steps": 3}, "adversarial": {"steps": 0}, "spread": {"steps": 4, "batch": 2}}
NETWORK = NAFNET | {**FEW, "regression": {"steps": 3, "batch": 4, "crop": 16}, "spread": {"steps": 4, "crop": 16}}
CASCADE = NAFNET | {**FEW, "architecture": "unrolled", "rounds": 2, "adversarial": {"steps": 2}}
LESION = {"diameter_mm": 10, "contrasts": [300], "inside": [700, 1300]}
TRAINED = ("net_faithful", "cascade_sharp")


@pytest.fixture(scope="module", params=[CT, MRI], ids=["ct", "mri"])
def done(request, tmp_path_factory):
    """Folder, study and the condition that was followed to its scores."""
    folder = tmp_path_factory.mktemp("study")
    study = scanned_study(
        request.param,
        networks={"net": NETWORK, "cascade": CASCADE},
        evaluate={"tissue": {"regions": {"soft": [700, 1100]}, "lesion": LESION}},
    )
    condition = study.conditions[-1].name
    images, splits, seen = write_slices(folder / "images.h5"), folder / "splits.csv", folder / "seen.h5"
    split(images, study, splits)
    degrade(images, study, condition, seen)
    for name in study.networks:
        for fold in range(2):
            train(images, splits, study, name, fold, folder / name / f"fold{fold}", folder / "work")
    for method in (*study.methods, *TRAINED):
        name, _, output = method.partition("_")
        tuned, used = None, [folder / name / f"fold{fold}" / f"{output}.safetensors" for fold in range(2)]
        if method in study.methods:
            tuned, used = folder / f"{method}.json", []
            tune(images, splits, seen, study, method, tuned)
        restored = folder / f"{method}.h5"
        restore(seen, splits, study, method, tuned, used, restored)
        evaluate(images, splits, seen, restored, study, condition, method, folder / f"{method}.parquet")
    return folder, study, condition


def scores(done, method, metric):
    table = pd.read_parquet(done[0] / f"{method}.parquet")
    return table.loc[table["metric"] == metric, "value"]


def test_every_slice_is_restored_once_by_every_method(done):
    folder, study, _ = done
    with read_images(folder / "images.h5") as images:
        ids = sorted(images.ids)
    for method in (*study.methods, *TRAINED):
        with read_restored(folder / f"{method}.h5") as restored:
            assert sorted(restored.items) == ids


def test_reconstruction_from_the_data_gains_on_the_image_made_of_them(done):
    gain = scores(done, "reconstruction", "psnr").median() - scores(done, "degraded", "psnr").median()
    assert gain > 1


def test_slices_are_judged_by_tissue_and_not_by_sources(done):
    table = pd.read_parquet(done[0] / "degraded.parquet")
    names = set(table["metric"])
    assert {"psnr_body", "ssim_body", "nmse", "bias_in_soft", "chi2_dof"} <= names
    assert not any(name.startswith("flux") or name == "log_spectrum_error" for name in names)
    assert np.isfinite(table.loc[table["metric"] == "bias_in_soft", "value"]).any()


def test_a_reader_sees_lesions_best_in_the_scan_that_nothing_was_taken_from(done):
    folder, study, condition = done
    files, out = [], folder / "lesions"
    for method in ("degraded", "net_faithful"):
        models = [folder / "net" / f"fold{fold}" / "faithful.safetensors" for fold in range(2)]
        files.append(out / condition / f"{method}.parquet")
        used = models if method != "degraded" else []
        implant(folder / "images.h5", folder / "splits.csv", study, condition, method, None, used, files[-1])
    detect(files, study, folder / "lesions.csv")
    table = pd.read_csv(folder / "lesions.csv").groupby(["method", "statistic"])["value"].first()
    assert table["undegraded", "over_undegraded"] == 1
    assert table["undegraded", "detectability"] > table["degraded", "detectability"] > 0
    assert table["undegraded", "recovered_contrast"] == pytest.approx(1, abs=0.5)
    read = pd.read_parquet(files[0])
    assert set(read["fold"]) == {0, 1}


@pytest.mark.parametrize(("network", "output"), [("net", "faithful"), ("cascade", "sharp")])
def test_intervals_of_slices_are_calibrated_by_groups_and_judged(done, network, output):
    folder, study, condition = done
    files = [folder / name for name in ("images.h5", "splits.csv")]
    models = sorted((folder / network).glob("fold*/*.safetensors"))
    calibrate(*files, [folder / "seen.h5"], models, study, network, folder / f"{network}.json")
    made = folder / f"{network}_{output}.h5"
    gauge(
        *files, folder / "seen.h5", [made], models, [folder / f"{network}.json"], study, condition, folder / "g.parquet"
    )
    sums = pd.read_parquet(folder / "g.parquet")
    assert sums["n"].sum() == sum(48 * 48 for _ in range(8))
    assert set(sums["psf"]) == {"as it is"}
    # Few groups stand behind the quantiles: these hold the truth in most places, not in 95 of 100.
    assert 0.6 < sums["covered_95"].sum() / sums["n"].sum() <= 1


@pytest.mark.parametrize(("network", "output"), [("net", "faithful"), ("cascade", "sharp")])
def test_a_network_is_corrected_until_it_explains_the_data(done, network, output):
    folder, study, _ = done
    corrected = study.model_copy(update={"restore": Restore(data_consistency=True)})
    models = [folder / network / f"fold{fold}" / f"{output}.safetensors" for fold in range(2)]
    method, out = f"{network}_{output}", folder / f"{network}_corrected.h5"
    restore(folder / "seen.h5", folder / "splits.csv", corrected, method, None, models, out)
    with read_observations(folder / "seen.h5") as seen, read_restored(out) as made:
        for item in made.items:
            scene = torch.from_numpy(made.pixels(item))[None]
            assert discrepancy(scene, seen.observation(item, None, 0)).excess < CONTRADICTED


def test_an_audit_of_a_scanner_has_its_verdicts_and_says_what_it_leaves_out(done):
    folder, study, condition = done
    study = study.model_copy(update={"audit": Audit(items=2)})
    files, out = [folder / name for name in ("images.h5", "splits.csv", "seen.h5")], folder / "audit" / condition
    models = [folder / "net" / f"fold{fold}" / "faithful.safetensors" for fold in range(2)]
    calibrate(
        *files[:2], files[2:], sorted((folder / "net").glob("fold*/*.safetensors")), study, "net", folder / "net.json"
    )
    bounds = [folder / "net" / "fold0" / "spread.safetensors", folder / "net.json"]
    for method, used, told in (("degraded", [], []), ("net_faithful", models, bounds)):
        examine(*files, study, method, None, used, out / f"{method}.parquet", out / f"{method}.npz", told)
    audit(sorted(out.glob("*.parquet")), sorted(out.glob("*.npz")), study, folder / "page")
    table = pd.read_csv(folder / "page" / "findings.csv")
    assert {"contradicted_cells", "false_lesions", "lesions_shown", "contrast_bias"} <= set(table["measure"])
    assert set(table.loc[table["part"] == "wrong_instrument", "case"]) == {"noise ×0.5", "noise ×2"}
    assert {"another domain", "metal"} <= set(table["case"])
    widths = table[table["measure"] == "interval_widens"].set_index("case")["value"]
    assert widths["as it is"] == 1
    assert (widths > 0).all()
    verdicts = pd.read_csv(folder / "page" / "verdicts.csv").set_index("method")
    assert verdicts.loc["net_faithful", "inconsistent"]  # after three steps of training
    page = (folder / "page" / "report.html").read_text()
    assert "Not asked of scanners" in page
    assert "empty fields" not in page.split("</header>")[1]


def test_a_model_of_a_scanner_is_audited_on_held_out_slices_alone(done):
    folder, study, _ = done
    study = study.model_copy(update={"audit": Audit(items=1)})
    model, out = folder / "net" / "fold0" / "faithful.safetensors", folder / "audit of a model"
    with pytest.raises(ModelAuditError, match=r"give images\.h5 and splits\.csv of its study"):
        audit_model(model, [], study, out)
    audit_model(model, [folder / "images.h5", folder / "splits.csv"], study, out)
    table = pd.read_csv(out / "findings.csv")
    assert set(table["condition"]) == {condition.name for condition in study.conditions}
    assert {"contradicted_cells", "false_lesions", "lesions_shown"} <= set(table["measure"])
    assert "Not asked of scanners" in (out / "report.html").read_text()


def test_lesions_are_not_read_on_several_grids(tmp_path):
    study = scanned_study(CT, evaluate={"tissue": {"lesion": LESION}})
    every = [replace(slice_of(seed), pixel_mm=4.0 + seed % 2) for seed in range(8)]
    images = write_each(tmp_path / "images.h5", every)
    split(images, study, tmp_path / "splits.csv")
    with pytest.raises(ImplantError, match=r"slices have pixels of 4 to 5 mm, and a reader learns lesions on one grid"):
        implant(images, tmp_path / "splits.csv", study, study.conditions[0].name, "degraded", None, [], tmp_path / "a")


def test_a_study_that_asks_for_no_lesions_gets_none(tmp_path):
    study = scanned_study(CT)
    with pytest.raises(ImplantError, match=r"set evaluate\.tissue\.lesion"):
        implant(tmp_path, tmp_path, study, study.conditions[0].name, "degraded", None, [], tmp_path / "a.parquet")


def test_one_slice_makes_no_study_of_a_scanner(tmp_path):
    write_slices(tmp_path / "images.h5", 1)
    with pytest.raises(SplitError, match="one slice cannot be both learned from and judged"):
        split(tmp_path / "images.h5", scanned_study(CT), tmp_path / "splits.csv")


@pytest.mark.parametrize("degrade_by", [CT, MRI], ids=["ct", "mri"])
def test_slices_of_several_sizes_make_one_study(tmp_path, degrade_by):
    few = {"methods": ["degraded", "reconstruction"], "networks": {"net": NETWORK, "cascade": CASCADE}}
    study = scanned_study(degrade_by, **few)
    sizes = [(48, 48), (56, 52), (56, 56)]
    # Squares and others of one detector, and pixels of two widths.
    every = [replace(slice_of(seed, *sizes[seed % 3]), pixel_mm=4.0 + seed % 2) for seed in range(12)]
    images = write_each(tmp_path / "images.h5", every)
    splits, seen, condition = tmp_path / "splits.csv", tmp_path / "seen.h5", study.conditions[0].name
    split(images, study, splits)
    degrade(images, study, condition, seen)
    for name in study.networks:
        for fold in range(2):
            train(images, splits, study, name, fold, tmp_path / name / f"fold{fold}", tmp_path / "work")
    tune(images, splits, seen, study, "reconstruction", tmp_path / "tuned.json")
    for method, output, tuned in (("reconstruction", "", tmp_path / "tuned.json"), ("net", "faithful", None),
                                  ("cascade", "sharp", None)):  # fmt: skip
        models = [tmp_path / method / f"fold{fold}" / f"{output}.safetensors" for fold in range(2)] if output else []
        name = f"{method}_{output}" if output else method
        restore(seen, splits, study, name, tuned, models, tmp_path / f"{name}.h5")
        with read_restored(tmp_path / f"{name}.h5") as made:
            assert {made.pixels(item).shape[1:] for item in made.items} == set(sizes)
