import pandas as pd
import pytest

from pipeline.config import Study, study_from
from pipeline.report.figures.training import History, running, training_figure
from pipeline.report.runs import read_histories, training_rows


def test_a_count_that_starts_anew_with_each_stage_and_start_runs_on():
    table = pd.DataFrame({"step": [1, 2, 2, 5, 5], "stage": ["a", "a", "a", "b", "b"], "start": [0, 0, 1, 0, 0]})
    # A start of one look, and a stage that is longer than the one before it, begin anew too.
    assert running(table, "step") == [1, 2, 4, 9, 9]
    assert running(table[:0], "step") == []


def test_times_of_all_stages_are_added():
    table = pd.DataFrame({"step": [100, 200, 50], "seconds": [10.0, 20.0, 7.0], "stage": ["a", "a", "b"]})
    assert History("nafnet", "fold0", table).seconds == pytest.approx(27)
    assert History("nafnet", "fold0", table).steps == 250


def test_folds_are_in_order_and_the_final_training_comes_last(tmp_path):
    for fold in ("final", "fold10", "fold2"):
        (tmp_path / "nafnet" / fold).mkdir(parents=True)
        pd.DataFrame({"step": [1]}).to_csv(tmp_path / "nafnet" / fold / "history.csv", index=False)
    assert [h.fold for h in read_histories(sorted(tmp_path.rglob("history.csv")))] == ["fold2", "fold10", "final"]


def test_a_history_with_other_columns_is_drawn_as_far_as_it_goes():
    drawn = training_figure([History("other", "fold0", pd.DataFrame({"step": [10, 20], "rate": [0.1, 0.05]}))], Study())
    assert drawn.axes[0].get_title() == "other"


def test_no_line_joins_the_losses_of_two_stages():
    table = pd.DataFrame(
        {
            "step": [1, 2, 1, 2],
            "stage": ["a", "a", "b", "b"],
            "discriminator_total": [None, None, 0.7, 0.7],
            "generator_total": [4.0, 3.0, 9.0, 8.0],
        }
    )
    drawn = training_figure([History("two", "fold0", table)], Study())
    lines = [
        list(line.get_ydata())
        for line in drawn.axes[1].lines
        if len(line.get_xdata()) == 2 and line.get_label() == "fold 0"
    ]
    assert lines == [[4, 3], [9, 8]]


def test_no_line_joins_the_scores_of_two_starts():
    table = pd.DataFrame(
        {"step": [1, 2, 1, 2], "stage": ["a"] * 4, "start": [0, 0, 1, 1], "validation_psnr": [20.0, 21.0, 19.0, 22.0]}
    )
    drawn = training_figure([History("one", "fold0", table)], Study())
    lines = [list(line.get_ydata()) for line in drawn.axes[0].lines if line.get_label() == "fold 0"]
    assert lines == [[20, 21], [19, 22]]


def test_the_score_of_a_training_is_that_of_the_start_that_was_kept():
    table = pd.DataFrame({"step": [5, 5], "start": [0, 1], "validation_psnr": [28.0, 21.0], "kept": [True, False]})
    (row,) = training_rows([History("net", "fold0", table)], Study())
    assert row["psnr"] == "28.00 dB"
    assert row["steps"] == "10"


def test_specialists_are_named_by_their_condition_in_the_order_of_the_study_and_stand_in_rows_of_three(tmp_path):
    study = study_from({"degrade": {"psf": {"fwhm": ["2px", "10px"]}, "noise": {"sigma": [0.05, 0.1]}}})
    paths = []
    for condition in study.conditions:
        folder = tmp_path / f"net@{condition.name}" / "fold0"
        folder.mkdir(parents=True)
        pd.DataFrame({"step": [1, 2], "generator_total": [2.0, 1.0]}).to_csv(folder / "history.csv", index=False)
        paths.append(folder / "history.csv")
    histories = read_histories(paths)
    titles = [f"net for FWHM {width} px, noise σ {level}" for width in (2, 10) for level in (0.05, 0.1)]
    assert [row["network"] for row in training_rows(histories, study)] == titles
    drawn = training_figure(histories, study)
    assert len(drawn.axes) == 2 * 4
    assert [axes.get_title() for axes in drawn.axes if axes.get_title()] == titles
    assert {axes.get_subplotspec().get_gridspec().get_geometry() for axes in drawn.axes} == {(4, 3)}


def test_the_time_of_an_epoch_is_that_of_the_first_stage():
    table = pd.DataFrame(
        {
            "step": [50, 100, 10],
            "stage": ["regression", "regression", "adversarial"],
            "seconds": [20.0, 40.0, 90.0],
            "epoch": [1.0, 2.0, 0.1],
            "parameters": [12345] * 3,
        }
    )
    (row,) = training_rows([History("nafnet", "fold0", table)], Study())
    assert (row["epoch_time"], row["parameters"]) == ("20 s", "12,345")
    (bare,) = training_rows([History("nafnet", "fold0", table[["step", "seconds"]])], Study())
    assert (bare["epoch_time"], bare["parameters"]) == ("–", "–")
