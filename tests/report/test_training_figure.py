import pandas as pd
import pytest

from pipeline.report.figures.training import History, running, training_figure
from pipeline.report.runs import read_histories


def test_a_count_that_starts_anew_with_each_stage_runs_on():
    assert running([1, 2, 3, 1, 2, 2]) == [1, 2, 3, 4, 5, 5]
    assert running([]) == []


def test_times_of_all_stages_are_added():
    table = pd.DataFrame({"step": [100, 200, 50], "seconds": [10.0, 20.0, 7.0]})
    assert History("nafnet", "fold0", table).seconds == pytest.approx(27)
    assert History("nafnet", "fold0", table).steps == 250


def test_folds_are_in_order_and_the_final_training_comes_last(tmp_path):
    for fold in ("final", "fold10", "fold2"):
        (tmp_path / "nafnet" / fold).mkdir(parents=True)
        pd.DataFrame({"step": [1]}).to_csv(tmp_path / "nafnet" / fold / "history.csv", index=False)
    assert [h.fold for h in read_histories(sorted(tmp_path.rglob("history.csv")))] == ["fold2", "fold10", "final"]


def test_a_history_with_other_columns_is_drawn_as_far_as_it_goes():
    drawn = training_figure([History("other", "fold0", pd.DataFrame({"step": [10, 20], "rate": [0.1, 0.05]}))])
    assert drawn.axes[0].get_title() == "other"


def test_no_line_joins_the_losses_of_two_stages():
    table = pd.DataFrame(
        {
            "step": [1, 2, 1, 2],
            "stage": ["a", "a", "b", "b"],
            "x_total": [4.0, 3.0, None, None],
            "loss": [None, None, 9.0, 8.0],
        }
    )
    drawn = training_figure([History("two", "fold0", table)])
    lines = [
        list(line.get_ydata())
        for line in drawn.axes[1].lines
        if len(line.get_xdata()) == 2 and line.get_label() == "fold 0"
    ]
    assert lines == [[4, 3], [9, 8]]
