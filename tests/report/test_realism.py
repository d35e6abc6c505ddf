import pandas as pd
from made_study import make_study

from pipeline.report.realism import realism


def test_a_method_within_the_range_of_real_against_real_is_said_to_look_real(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    path = made.discerned[0]
    table = pd.read_parquet(path)
    table.loc[(table["method"] == "nafnet_sharp") & (table["judge"] != "kernel"), "value"] = 0.501
    table.to_parquet(path)
    found = realism(made.discerned, made.study)
    told = {row.method: (row.values, row.as_real) for row in found.rows}
    assert told["nafnet, sharp"] == (["0.501", "0.501", "0.400"], [True, False, False])
    assert [(null.mean, null.span, null.rounds) for null in found.nulls] == [
        ("0.499", "0.481 to 0.518", 40),
        # Two values say nothing of where the others would lie.
        ("0.500", "", 2),
        ("0.020", "0.001 to 0.038", 40),
    ]


def test_real_against_real_is_taken_together_over_the_conditions(tmp_path):
    made = make_study(tmp_path)
    found = realism(made.discerned, made.study)
    assert [null.rounds for null in found.nulls] == [80, 4, 80]
    assert len(found.rows) == 2 * 2


def test_a_study_in_which_nothing_was_told_apart_has_no_table(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    empty = pd.read_parquet(made.discerned[0]).iloc[:0]
    empty.to_parquet(tmp_path / "empty.parquet")
    assert realism([tmp_path / "empty.parquet"], made.study) is None
    assert realism([], made.study) is None
