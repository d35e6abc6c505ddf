import pytest

from pipeline.splits import COLUMNS, Item, SplitError, items_of, read_splits
from pipeline.tiling import Window

HEADER = ",".join(COLUMNS)
ROWS = [
    "a,a/0,0,10,100,109,NA,0,test,0",
    "a,a/1,0,119,100,109,007,0,train,1",
    "a,a/0,0,10,100,109,NA,1,tune,0",
    '"b,c",x y,5,0,64,64,"g ""1""",0,calibrate,1',
]


def table(tmp_path, *lines):
    path = tmp_path / "splits.csv"
    path.write_text("\n".join([*lines, ""]))
    return path


def test_a_table_is_read_row_by_row(tmp_path):
    items = read_splits(table(tmp_path, HEADER, *ROWS))
    assert items[0] == Item("a", "a/0", Window(0, 10, 100, 109), "NA", 0, "test", 0)
    assert items[3] == Item("b,c", "x y", Window(5, 0, 64, 64), 'g "1"', 0, "calibrate", 1)
    assert len(items) == 4


def test_names_that_look_like_numbers_or_nothing_stay_names(tmp_path):
    groups = [item.group for item in read_splits(table(tmp_path, HEADER, *ROWS))]
    assert groups[:2] == ["NA", "007"]


def test_items_are_found_by_fold_and_role_in_the_order_of_the_table(tmp_path):
    items = read_splits(table(tmp_path, HEADER, *ROWS, "a,a/2,0,0,9,9,g,0,test,0"))
    assert [item.item for item in items_of(items, 0, "test")] == ["a/0", "a/2"]
    assert [item.item for item in items_of(items, 1, "tune")] == ["a/0"]
    assert items_of(items, 1, "test") == []


def test_the_columns_may_stand_in_any_order_and_beside_others(tmp_path):
    lines = [",".join([*line.split(",")[::-1], "more"]) for line in (HEADER, ROWS[0])]
    assert read_splits(table(tmp_path, *lines)) == read_splits(table(tmp_path, HEADER, ROWS[0]))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([HEADER.replace(",role", "")], "no column 'role'"),
        ([HEADER, ROWS[0].replace("test", "judge")], "line 2: role is judge; train, tune, calibrate, test"),
        ([HEADER, ROWS[0], ROWS[0].replace("109", "")], "line 3: a position, fold or half is no whole number"),
        ([HEADER, ROWS[0].replace("109", "10.5")], "no whole number"),
        ([], "not a table"),
        ([HEADER, ROWS[0] + ",1,2,3", ROWS[1]], "line|table|role"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_line(tmp_path, lines, says):
    path = table(tmp_path, *lines)
    with pytest.raises(SplitError, match=says) as caught:
        read_splits(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_refused_in_words(tmp_path):
    with pytest.raises(SplitError, match="no such file; the step `split` writes it"):
        read_splits(tmp_path / "splits.csv")
