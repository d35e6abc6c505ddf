import pandas as pd
from made_study import make_study

from pipeline.report.realism import realism


def test_a_method_within_the_range_of_real_against_real_is_said_to_look_real(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    path = made.discerned[0]
    table = pd.read_parquet(path)
    table.loc[(table["method"] == "nafnet_sharp") & (table["judge"] == "strong"), "value"] = 0.51
    table.to_parquet(path)
    found = realism(made.discerned, made.study)
    told = {row.method: (row.values, row.as_real) for row in found.rows}
    assert told["nafnet, sharp"] == (["0.880", "0.510", "0.400"], [False, True, False])
    assert [(null.mean, null.span, null.rounds) for null in found.nulls] == [
        ("0.480", "0.460 to 0.500", 3),
        ("0.500", "0.480 to 0.520", 3),
        ("0.000", "−0.020 to 0.020", 3),
    ]


def test_real_against_real_is_taken_together_over_the_conditions(tmp_path):
    made = make_study(tmp_path)
    found = realism(made.discerned, made.study)
    assert [null.rounds for null in found.nulls] == [6, 6, 6]
    assert len(found.rows) == 2 * 2


def test_a_study_in_which_nothing_was_told_apart_has_no_table(tmp_path):
    made = make_study(tmp_path, fwhm=("3px",))
    empty = pd.read_parquet(made.discerned[0]).iloc[:0]
    empty.to_parquet(tmp_path / "empty.parquet")
    assert realism([tmp_path / "empty.parquet"], made.study) is None
    assert realism([], made.study) is None
