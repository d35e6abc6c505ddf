import numpy as np
import pandas as pd
import pytest
from made_study import make_study

from pipeline.config import ConfigError
from pipeline.steps.discern import DiscernError, discern
from pipeline.store import read_restored, write_restored

CONDITION = "fwhm3px_sigma0.05"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"), fwhm=("3px",), images=6, size=(180, 180))


def discerned(made, out, restored=None, images=None):
    files = made.restored if restored is None else restored
    discern(images or made.images, made.splits, files, made.tuned, made.study, CONDITION, out)
    return pd.read_parquet(out)


def test_networks_and_the_classical_method_that_was_best_on_the_tune_role_are_judged(made, tmp_path):
    table = discerned(made, tmp_path / "out.parquet")
    assert list(table.columns) == ["condition", "method", "judge", "round", "value"]
    assert list(dict.fromkeys(table["method"])) == ["total_variation", "nafnet_faithful", "nafnet_sharp", "real"]
    assert set(table["judge"]) == {"weak", "strong", "kernel"}
    areas = table[table["judge"] == "weak"].groupby("method")["value"].mean()
    # Total variation is blurred here.
    assert areas["total_variation"] > 0.9
    assert areas["real"] == pytest.approx(0.5, abs=0.12)


def test_a_study_too_small_for_classifiers_has_an_empty_table(tmp_path):
    small = make_study(tmp_path, fwhm=("3px",), size=(60, 90))
    assert discerned(small, tmp_path / "out.parquet").empty


def test_a_condition_that_the_study_does_not_have_and_one_without_tuned_methods_are_refused(made, tmp_path):
    arguments = made.images, made.splits, made.restored
    with pytest.raises(ConfigError, match="no condition is called 'fwhm9px'"):
        discern(*arguments, made.tuned, made.study, "fwhm9px", tmp_path / "out.parquet")
    with pytest.raises(DiscernError, match="no classical method was tuned under it; the step `tune` does that"):
        discern(*arguments, [], made.study, CONDITION, tmp_path / "out.parquet")


def test_what_is_missing_or_not_finite_is_said_in_words(made, tmp_path):
    fewer = [path for path in made.restored if path.stem != "nafnet_sharp"]
    with pytest.raises(DiscernError, match="no restored images of nafnet_sharp; the step `restore` writes them"):
        discerned(made, tmp_path / "out.parquet", fewer)
    broken = tmp_path / "nafnet_sharp.h5"
    with read_restored(fewer[0]) as source, write_restored(broken) as copy:
        for item in source.items:
            copy.append(item, np.full_like(source.pixels(item), np.nan))
    with pytest.raises(DiscernError, match=r"nafnet_sharp.h5: holds NaN or infinite values"):
        discerned(made, tmp_path / "out.parquet", [*fewer, broken])
    assert not (tmp_path / "out.parquet").exists()
