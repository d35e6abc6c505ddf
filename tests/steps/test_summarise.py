import json

import numpy as np
import pandas as pd
import pytest

from pipeline.config import study_from
from pipeline.steps.summarise import SummaryError, summarise

STUDY = study_from({"evaluate": {"bootstrap": 200}, "methods": ["degraded", "wiener", "total_variation"]})
CONDITIONS = [condition.name for condition in STUDY.conditions]
GAIN = {"degraded": 0.0, "wiener": 2.0, "total_variation": 4.0, "nafnet_faithful": 6.0, "nafnet_sharp": 5.0}


@pytest.fixture
def scored(tmp_path):
    """Five methods under two conditions on one image of three bands; the second condition is tuned otherwise."""
    for number, condition in enumerate(CONDITIONS):
        for method, gain in GAIN.items():
            random = np.random.default_rng(number)
            rows = [
                ("hubble", f"hubble/{b}/{i}", f"band{b}", b, condition, method, "linear", metric, value)
                for b in range(3)
                for i in range(4)
                for metric, value in (("psnr", 24 + gain + random.normal()), ("chi2_dof", 1 + random.normal() / 10))
            ]
            columns = ["image", "item", "group", "fold", "condition", "method", "space", "metric", "value"]
            path = tmp_path / "metrics" / condition / f"{method}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows, columns=columns).to_parquet(path, index=False)
        for method in STUDY.methods:
            psnr = {"degraded": 40.0, "wiener": 27.0 + 3 * number, "total_variation": 29.0}[method]
            tune(tmp_path, condition, method, psnr)
    return tmp_path


def tune(folder, condition, method, psnr):
    path = folder / "tuned" / condition / f"{method}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    folds = {str(k): {"settings": {}, "psnr": psnr + shift, "tried": 3} for k, shift in enumerate((-1, 0, 1))}
    path.write_text(json.dumps({"method": method, "condition": condition, "folds": folds}))


def summarised(folder, metrics=None, order=1):
    found = sorted(folder.glob("metrics/*/*.parquet"))[::order] if metrics is None else metrics
    summarise(found, sorted(folder.glob("tuned/*/*.json"))[::order], STUDY, folder / "m.csv", folder / "s.csv")
    return (folder / "m.csv").read_bytes(), (folder / "s.csv").read_bytes()


def test_files_in_any_order_give_the_same_bytes(scored):
    assert summarised(scored) == summarised(scored, order=-1)


def test_every_score_arrives_with_all_its_digits(scored):
    summarised(scored)
    written = pd.read_csv(scored / "m.csv", converters={"value": float})
    parts = pd.concat([pd.read_parquet(p) for p in scored.glob("metrics/*/*.parquet")])
    keys = ["condition", "method", "metric", "item"]
    pd.testing.assert_series_equal(
        written.set_index(keys)["value"].sort_index(), parts.set_index(keys)["value"].sort_index(), check_exact=True
    )
    assert list(dict.fromkeys(written["condition"])) == CONDITIONS
    assert list(dict.fromkeys(written["method"])) == list(GAIN)


def test_the_reference_is_the_classical_method_that_was_best_on_the_tune_role_of_each_condition(scored):
    summarised(scored)
    summary = pd.read_csv(scored / "s.csv")
    reference = summary.groupby("condition")["reference"].unique()
    assert list(reference[CONDITIONS[0]]) == ["total_variation"]
    assert list(reference[CONDITIONS[1]]) == ["wiener"]


def test_the_summary_has_a_row_per_condition_method_space_and_metric(scored):
    summarised(scored)
    summary = pd.read_csv(scored / "s.csv")
    assert len(summary) == 2 * 5 * 2
    assert set(summary["n"]) == {12}
    assert set(summary["scope"]) == {"field"}
    row = summary[(summary["method"] == "nafnet_faithful") & (summary["metric"] == "psnr")].iloc[0]
    assert row["difference"] == pytest.approx(2.0)
    assert row["rank"] == 1


def test_a_condition_without_scores_or_without_tuning_is_refused_in_words(scored):
    of_first = sorted(scored.glob(f"metrics/{CONDITIONS[0]}/*.parquet"))
    with pytest.raises(SummaryError, match=f"no metrics under {CONDITIONS[1]}"):
        summarised(scored, of_first)
    for path in scored.glob(f"tuned/{CONDITIONS[1]}/*.json"):
        path.unlink()
    with pytest.raises(SummaryError, match=f"no tuned settings under {CONDITIONS[1]}"):
        summarised(scored)
    assert not (scored / "m.csv").exists()
    assert not (scored / "s.csv").exists()


def test_scores_of_a_reference_that_are_missing_are_asked_for(scored):
    (scored / "metrics" / CONDITIONS[0] / "total_variation.parquet").unlink()
    with pytest.raises(SummaryError, match="no metrics of total_variation, the reference"):
        summarised(scored)


def test_scores_of_another_study_and_scores_given_twice_are_refused(scored):
    some = scored / "metrics" / CONDITIONS[0] / "wiener.parquet"
    foreign, twice = scored / "foreign.parquet", scored / "twice.parquet"
    pd.read_parquet(some).assign(method="richardson_lucy").to_parquet(foreign)
    with pytest.raises(SummaryError, match=r"foreign.parquet: scores richardson_lucy"):
        summarised(scored, [foreign])
    pd.read_parquet(some).to_parquet(twice)
    with pytest.raises(SummaryError, match="give one file of each"):
        summarised(scored, [some, twice])
    table = pd.read_parquet(some)
    pd.concat([table, table]).to_parquet(some)
    with pytest.raises(SummaryError, match="scores an item twice"):
        summarised(scored)
