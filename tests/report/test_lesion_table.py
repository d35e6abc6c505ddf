"""Lesions on the page."""

import pandas as pd
from made_slices import CT, scanned_study

from pipeline.evaluation.lesion_summary import COLUMNS
from pipeline.report.lesions import lesion_table, read_lesions
from pipeline.report.page import render

LESION = {"diameter_mm": 5, "contrasts": [20, 100], "inside": [15, 60]}
STUDY = scanned_study(CT, evaluate={"tissue": {"lesion": LESION}})


def written(folder, *rows):
    path = folder / "lesions.csv"
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path


def rows_of(method, seen, share, left):
    values = {"detectability": seen, "over_undegraded": share, "recovered_contrast": left}
    condition = STUDY.conditions[0].name
    return [(condition, method, 20.0, name, float("nan"), v, v - 0.1, v + 0.1, 480, 60) for name, v in values.items()]


def on_a_page(table):
    """The section, without its figure."""
    return render("lesions.html", lesions=table, study=STUDY, unit="HU", plot=lambda *_, caller: caller())


def test_the_table_has_the_undegraded_scan_first_and_every_value_with_its_interval(tmp_path):
    path = written(tmp_path, *rows_of("net_faithful", 1.5, 0.75, 0.6), *rows_of("undegraded", 2.0, 1.0, 0.98))
    table = lesion_table(read_lesions([path]), STUDY)
    assert [row.method for row in table.rows] == ["Undegraded scan", "net, faithful"]
    assert [(cell.text, cell.interval) for cell in table.rows[1].cells] == [
        ("1.50", "1.40 to 1.60"),
        ("0.75", "0.65 to 0.85"),
        ("0.60", "0.50 to 0.70"),
    ]
    page = on_a_page(table)
    assert "Round lesions of 5 mm" in page
    assert "+20 and +100 HU" in page
    assert "480 places" in page


def test_too_few_lesions_are_said_in_words(tmp_path):
    page = on_a_page(lesion_table(read_lesions([written(tmp_path)]), STUDY))
    assert "Too few lesions found room" in page


def test_a_study_without_lesions_has_no_section():
    assert read_lesions([]) is None
    assert not on_a_page(None).strip()
