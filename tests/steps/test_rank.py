import numpy as np
import pandas as pd
import pytest

from pipeline.config import study_from
from pipeline.evaluation.comparisons import COMPARED, EVERY, RANKED
from pipeline.steps.rank import RankingError, rank

STUDY = study_from({"evaluate": {"bootstrap": 200}, "methods": ["degraded", "wiener"]})
CONDITIONS = [condition.name for condition in STUDY.conditions]
GAIN = {"degraded": 0.0, "wiener": 2.0, "nafnet_faithful": 4.0}


@pytest.fixture
def scored(tmp_path):
    """Three methods under two conditions, on 30 images in three folds."""
    for number, condition in enumerate(CONDITIONS):
        for method, gain in GAIN.items():
            random = np.random.default_rng(number)
            rows = [
                (f"i{i}", f"i{i}", f"i{i}", i % 3, condition, method, "linear", metric, value)
                for i in range(30)
                for metric, value in (("psnr", 24 + gain + random.normal()), ("chi2_dof", 1 + gain / 10))
            ]
            columns = ["image", "item", "group", "fold", "condition", "method", "space", "metric", "value"]
            path = tmp_path / "metrics" / condition / f"{method}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(rows, columns=columns).to_parquet(path, index=False)
    references = [(condition, "wiener") for condition in CONDITIONS]
    pd.DataFrame(references, columns=["condition", "reference"]).to_csv(tmp_path / "summary.csv", index=False)
    return tmp_path


def tables(folder, order=1):
    out = folder / "comparisons.csv", folder / "ranking.csv"
    rank(sorted(folder.glob("metrics/*/*.parquet"))[::order], folder / "summary.csv", STUDY, *out)
    return [pd.read_csv(path) for path in out]


def test_every_two_methods_are_compared_under_every_condition_and_all_together(scored):
    comparisons, ranking = tables(scored)
    assert list(comparisons.columns) == list(COMPARED)
    assert list(ranking.columns) == list(RANKED)
    assert len(comparisons) == len(ranking) == 3 * 2 * 3
    assert list(dict.fromkeys(ranking["condition"])) == [*CONDITIONS, EVERY]
    psnr = ranking[(ranking["metric"] == "psnr") & (ranking["condition"] == EVERY)]
    assert psnr["method"].tolist() == ["nafnet_faithful", "wiener", "degraded"]
    assert psnr["cliques"].tolist() == ["a", "b", "c"]


def test_p_values_against_the_reference_are_corrected_over_conditions(scored):
    comparisons, _ = tables(scored)
    psnr = comparisons[comparisons["metric"] == "psnr"]
    asked = psnr[psnr["p_reference"].notna()]
    assert len(asked) == 4
    assert set(asked["other"]) == {"wiener"}
    np.testing.assert_allclose(asked["p_reference"].min(), 4 * asked["p_value"].min())


def test_files_in_any_order_give_the_same_bytes(scored):
    tables(scored)
    first = (scored / "comparisons.csv").read_bytes(), (scored / "ranking.csv").read_bytes()
    tables(scored, order=-1)
    assert ((scored / "comparisons.csv").read_bytes(), (scored / "ranking.csv").read_bytes()) == first


def test_a_condition_without_scores_or_reference_is_refused_in_words(scored):
    pd.read_csv(scored / "summary.csv").head(1).to_csv(scored / "summary.csv", index=False)
    with pytest.raises(RankingError, match=rf"summary.csv: nothing of {CONDITIONS[1]}; the step `summarise`"):
        tables(scored)
    pd.DataFrame([(c, "wiener") for c in CONDITIONS], columns=["condition", "reference"]).to_csv(
        scored / "summary.csv", index=False
    )
    for path in scored.glob(f"metrics/{CONDITIONS[0]}/*"):
        path.unlink()
    with pytest.raises(RankingError, match=f"no metrics under {CONDITIONS[0]}; the step `evaluate`"):
        tables(scored)
    assert not (scored / "comparisons.csv").exists()
